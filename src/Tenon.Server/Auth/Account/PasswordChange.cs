using Tenon.Server.Auth.SignIn;

namespace Tenon.Server.Auth.Account;

/// <summary>
/// The gates of a new password, cheapest first: rules of the password itself, the one in force where it is asked for, and a
/// recent sign-in or the code of /reauthenticate where <c>secure_password_change</c> is on.
/// </summary>
internal sealed class PasswordChange(PasswordHasher hasher, Sessions sessions, Reauthenticate reauthenticate, AuthOptions options, TimeProvider clock)
{
    private static readonly TimeSpan Recent = TimeSpan.FromHours(24);

    /// <summary>The hash of the new password, or a refusal.</summary>
    public async Task<string> CheckAsync(string password, AuthBody body, SignedIn signedIn, CancellationToken cancellation)
    {
        User user = signedIn.User;
        string? current = body.Text("current_password") is { Length: > 0 } given ? given : null;
        string? nonce = body.Text("nonce") is { Length: > 0 } code ? code : null;
        PasswordRules.Require(password, options, user.Email ?? user.Phone, alone: !user.HasVerifiedFactor);
        if (options.Email.RequireCurrentPassword && user.PasswordHash is not null && current is null)
        {
            throw AuthErrors.CurrentPasswordRequired.ToException();
        }
        bool needsNonce = options.Email.SecurePasswordChange && !await SignedInRecentlyAsync(signedIn, cancellation);
        if (needsNonce && nonce is null)
        {
            throw AuthErrors.ReauthenticationNeeded.ToException();
        }
        if (current is not null && user.PasswordHash is { } known && !await hasher.VerifyAsync(known, current, cancellation))
        {
            throw AuthErrors.CurrentPasswordInvalid.ToException();
        }
        if (user.PasswordHash is { } old && await hasher.VerifyAsync(old, password, cancellation))
        {
            throw AuthErrors.SamePassword.ToException();
        }
        if (needsNonce)
        {
            // Last, because it is used up.
            await reauthenticate.RequireAsync(user, nonce!);
        }
        return await hasher.HashAsync(password, cancellation);
    }

    private async Task<bool> SignedInRecentlyAsync(SignedIn signedIn, CancellationToken cancellation)
    {
        List<Session> open = await sessions.ListAsync(signedIn.User.Id, cancellation);
        return open.Any(session => session.Id == signedIn.SessionId && session.CreatedAt + Recent > clock.GetUtcNow());
    }
}
