using System.Net;
using Tenon.Server.Auth.SignIn;

namespace Tenon.Server.Tests.Auth;

/// <summary>
/// Hashes of other systems. The vectors were not made by this code: those of <see cref="Password"/> by Python 3.11's hashlib
/// (pbkdf2_hmac, scrypt; put into each form by hand), Firebase's from the README of github.com/firebase/scrypt and from the
/// tests of github.com/supabase/auth, checked once more with Node's crypto (scrypt, aes-256-ctr).
/// </summary>
public sealed class PasswordHashTests
{
    private const string Password = "Grüße, 2 Vögel!";

    private const string FirebaseReadme =
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
        + "$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==";

    private const string FirebaseGoTrue =
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw=="
        + "$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==";

    [Theory]
    [InlineData("$pbkdf2-sha256$i=1000,l=32$AQIDBAUGBwgJCgsMDQ4PEA$uS+Y0izH9tIvL3RnbRK4+cZDVqe0TcLV5u2cjGyGoe0", Password)]
    [InlineData("$pbkdf2-sha512$i=1000$AQIDBAUGBwgJCgsMDQ4PEA$yj+YhB27wFceCa+4xEHgIi79UWpEO76r8ACdeNbwQ09mzKSUKBb7WD0qoyHutoODTKWgKPzA6BaqARAiILI0aQ", Password)]
    // Keycloak's: 27,500 rounds and 64 bytes.
    [InlineData("$pbkdf2-sha256$i=27500$AQIDBAUGBwgJCgsMDQ4PEA==$oCNKGTiJT4stqs2ah51tHmBcdUQU90BuFfo7UOTwNW1O0X/MR1v6A25HXfKQdLUOGDZF7uTKjAzC+pidhy0WeQ==", Password)]
    // passlib's, with "." for "+" in salt and hash.
    [InlineData("$pbkdf2-sha256$1000$.//.AAECAwQFBgcICQoLDA$ZefhvUkGlGRmK.N0hLaNn79V.89NhnTOqQc964E.PVg", Password)]
    [InlineData("$pbkdf2$1000$.//.AAECAwQFBgcICQoLDA$9MFqlPO8aw1hun93kPEGYy78KAQ", Password)]
    // Django's.
    [InlineData("pbkdf2_sha256$1000$seasalt4django$vwFHZJVyHNGQpHiOhrty7GSFW6UtwRa4yjgFwYPBd48=", Password)]
    [InlineData("pbkdf2_sha1$1000$seasalt4django$pyJvS15+YIFeHC64wkkisqwAWxo=", Password)]
    // ASP.NET Identity V3 with SHA-512 and with SHA-256.
    [InlineData("AQAAAAIAAAPoAAAAEAECAwQFBgcICQoLDA0ODxDKP5iEHbvAVx4Jr7jEQeAiLv1RakQ7vqvwAJ141vBDTw==", Password)]
    [InlineData("AQAAAAEAAAPoAAAAEAECAwQFBgcICQoLDA0ODxC5L5jSLMf20i8vdGdtErj5xkNWp7RNwtXm7ZyMbIah7Q==", Password)]
    [InlineData("$scrypt$ln=10,r=8,p=2$AQIDBAUGBwgJCgsMDQ4PEA$W4cq5oXHiU8KYtOWgVW+WJAfmTPsjSnM9XfR2wpFH9c", Password)]
    [InlineData(FirebaseReadme, "user1password")]
    [InlineData(FirebaseGoTrue, "mytestpassword")]
    public void A_hash_of_another_system_is_accepted_and_verifies_its_password_alone(string hash, string password)
    {
        Assert.Null(PasswordHash.WhyRefused(hash));
        Assert.True(PasswordHash.IsOutdated(hash));
        Assert.True(PasswordHash.Verify(hash, password));
        Assert.False(PasswordHash.Verify(hash, password + "x"));
        Assert.False(PasswordHash.Verify(hash, ""));
    }

    [Theory]
    [InlineData("$pbkdf2-sha256$i=2000001$AQIDBAUGBwgJCgsMDQ4PEA$uS+Y0izH9tIvL3RnbRK4+cZDVqe0TcLV5u2cjGyGoe0", "iterations")]
    [InlineData("$pbkdf2-sha256$i=0$AQIDBAUGBwgJCgsMDQ4PEA$uS+Y0izH9tIvL3RnbRK4+cZDVqe0TcLV5u2cjGyGoe0", "iterations")]
    [InlineData("$pbkdf2-sha256$i=1000,l=64$AQIDBAUGBwgJCgsMDQ4PEA$uS+Y0izH9tIvL3RnbRK4+cZDVqe0TcLV5u2cjGyGoe0", "base64")]
    [InlineData("$pbkdf2-sha256$1000$AQIDBAUGBwgJCgsMDQ4PEA$uS+Y", "16 to 64 bytes")]
    [InlineData("pbkdf2_sha256$999999999$seasalt4django$vwFHZJVyHNGQpHiOhrty7GSFW6UtwRa4yjgFwYPBd48=", "iterations")]
    [InlineData("$scrypt$ln=20,r=8,p=1$AQIDBAUGBwgJCgsMDQ4PEA$W4cq5oXHiU8KYtOWgVW+WJAfmTPsjSnM9XfR2wpFH9c", "256 MiB")]
    [InlineData("$scrypt$ln=63,r=999,p=999$AQIDBAUGBwgJCgsMDQ4PEA$W4cq5oXHiU8KYtOWgVW+WJAfmTPsjSnM9XfR2wpFH9c", "256 MiB")]
    [InlineData("$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=Bw==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfE", "signer key")]
    // ASP.NET Identity V3 with 0xFFFFFFFF iterations, with a salt longer than the whole, with a digest it never had.
    [InlineData("AQAAAAL/////AAAAEAECAwQFBgcICQoLDA0ODxDKP5iEHbvAVx4Jr7jEQeAiLv1RakQ7vqvwAJ141vBDTw==", "iterations")]
    [InlineData("AQAAAAIAAAPo/////wECAwQFBgcICQoLDA0ODxDKP5iEHbvAVx4Jr7jEQeAiLv1RakQ7vqvwAJ141vBDTw==", "cut off")]
    [InlineData("AQAAAAkAAAPoAAAAEAECAwQFBgcICQoLDA0ODxDKP5iEHbvAVx4Jr7jEQeAiLv1RakQ7vqvwAJ141vBDTw==", "digest")]
    [InlineData("md5$salt$hash", "can be verified")]
    public void A_hash_that_asks_for_absurd_work_or_is_cut_off_is_refused_with_the_reason(string hash, string reason)
    {
        Assert.Contains(reason, PasswordHash.WhyRefused(hash), StringComparison.Ordinal);
        Assert.False(PasswordHash.Verify(hash, Password));
    }

    [Fact]
    public async Task An_imported_Firebase_hash_signs_in_and_becomes_argon2id()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        Answer created = await host.AdminAsync(
            "POST",
            "/auth/v1/admin/users",
            $$"""{"email":"fire@b.test","password_hash":"{{FirebaseReadme}}","email_confirm":true}"""
        );
        Assert.Equal(HttpStatusCode.OK, created.Status);
        Assert.Equal("400 invalid_credentials", (await host.SignInAsync("fire@b.test", "user1passworD")).Refusal);
        Assert.Equal(HttpStatusCode.OK, (await host.SignInAsync("fire@b.test", "user1password")).Status);
        string hash = await host.Store.ScalarAsync<string>("select encrypted_password from auth.users");
        Assert.StartsWith("$argon2id$v=19$m=19456,t=2,p=1$", hash, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await host.SignInAsync("fire@b.test", "user1password")).Status);
    }
}
