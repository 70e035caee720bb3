using Tenon.Server.Auth;

namespace Tenon.Server.Tests.Auth;

public sealed class KeysTests
{
    [Fact]
    public void Development_keys_are_made_once_and_only_their_owner_reads_them()
    {
        string folder = Directory.CreateTempSubdirectory("tenon-keys-").FullName;
        try
        {
            string path = Path.Combine(folder, ".tenon", "keys.json");
            Keys first = Keys.LoadOrCreateDevelopment(path, TimeProvider.System);
            Keys second = Keys.LoadOrCreateDevelopment(path, TimeProvider.System);
            Assert.Equal(first.SecretKey, second.SecretKey);
            Assert.Equal(first.EncryptionKey, second.EncryptionKey);
            Assert.StartsWith("sb_publishable_", first.PublishableKey, StringComparison.Ordinal);
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            }
            Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("PUBLISHABLE_KEY", null, "PUBLISHABLE_KEY is not set")]
    [InlineData("SECRET_KEY", "sb_publishable_aaaaaaaaaaaaaaaaaaaaaaaa", "SECRET_KEY must begin with sb_secret_")]
    [InlineData("TENON_ENCRYPTION_KEY", "short", "TENON_ENCRYPTION_KEY must be 32 bytes")]
    [InlineData("JWT_SECRET", "short", "JWT_SECRET is shorter than 32 bytes")]
    [InlineData("ANON_KEY", "a.b.c", "cannot be verified without JWT_SECRET")]
    public void Production_keys_come_from_the_environment_or_the_start_is_refused(string name, string? value, string message)
    {
        var environment = new Dictionary<string, string?>
        {
            ["TENON_ENCRYPTION_KEY"] = new string('a', 64),
            ["PUBLISHABLE_KEY"] = OpaqueKey.Create(OpaqueKey.PublishablePrefix),
            ["SECRET_KEY"] = OpaqueKey.Create(OpaqueKey.SecretPrefix),
        };
        Assert.NotNull(Keys.FromEnvironment(environment.GetValueOrDefault));
        environment[name] = value;
        var e = Assert.Throws<InvalidOperationException>(() => Keys.FromEnvironment(environment.GetValueOrDefault));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task However_many_ask_at_once_a_user_has_twenty_keys_of_their_own()
    {
        await using AuthHost host = await AuthHost.StartAsync();
        string token = (await host.SignUpAsync("ann@b.test")).Text("access_token");
        Task<Answer> Make(int i) => host.PostAsync("/auth/v1/keys", $$"""{"name":"key {{i}}","scopes":"*"}""", token);
        Answer[] atOnce = await Task.WhenAll(Enumerable.Range(1, 25).Select(Make));
        Assert.All(atOnce, answer => Assert.Contains(answer.Refusal, new[] { "200 ", "409 conflict", "422 too_many_api_keys" }));
        int i = 100;
        Answer last = atOnce[0];
        while (last.Refusal != "422 too_many_api_keys" && i < 150)
        {
            last = await Make(i++);
        }
        Assert.Equal("422 too_many_api_keys", last.Refusal);
        Assert.Equal(20, await host.Store.ScalarAsync<long>("select count(*) from auth.user_keys"));
    }
}
