using Microsoft.AspNetCore.Http;
using Tenon.Core.Types;
using Tenon.Server.Auth.Hooks;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.SignIn;

/// <summary>
/// POST /token?grant_type=password. One statement and one hash whether the user exists or not; what is known of an account
/// (banned, not confirmed) is said only to who knows its password.
/// </summary>
internal sealed class PasswordGrant(
    StoreDatabase store,
    Users users,
    Sessions sessions,
    PasswordHasher hasher,
    UserHooks hooks,
    AuthLimits limits,
    Captcha captcha,
    TrustedProxies proxies,
    AuthOptions options,
    TimeProvider clock
)
{
    private const int LongestPassword = 1024;
    private static readonly TimeSpan KnownFor = TimeSpan.FromDays(90);

    public async Task HandleAsync(HttpContext context)
    {
        await limits.TakeAsync(AuthLimit.SignIn, context);
        AuthBody body = await AuthBody.ReadAsync(context);
        await captcha.RequireAsync(context, body);
        (UserWithIdentities saved, NewSession opened) = await OpenAsync(Read(body.Text("email"), body.Text("phone"), body.Text("password")), context);
        IssuedSession issued = await sessions.IssueAsync(context, saved.User, saved.Identities, opened.Session, opened.Token.Text);
        await AuthResponse.WriteSessionAsync(context, issued);
    }

    /// <summary>The same check, under the same limits, for a page of the identity provider; nobody gets tokens of the session it opens.</summary>
    public async Task<(User User, Session Session)> SignInAsync(IFormCollection form, HttpContext context)
    {
        await limits.TakeAsync(AuthLimit.SignIn, context);
        await captcha.RequireAsync(context, form);
        (string address, string password) = (form["email"].ToString().Trim(), form["password"].ToString());
        bool byPhone = options.Sms.EnableSignup && !address.Contains('@');
        (UserWithIdentities saved, NewSession opened) = await OpenAsync(Read(byPhone ? null : address, byPhone ? address : null, password), context);
        return (saved.User, opened.Session);
    }

    private async Task<(UserWithIdentities Saved, NewSession Opened)> OpenAsync((Contact Contact, string Password) given, HttpContext context)
    {
        (Contact contact, string password) = given;
        await limits.RequireFewFailuresAsync(contact.Address, () => IsKnownThereAsync(contact, context), context.RequestAborted);
        User user = await AuthenticateAsync(contact, password, context);
        RequireAllowed(user, contact);
        string kept = PasswordHash.IsOutdated(user.PasswordHash!)
            ? await hasher.HashAsync(password, context.RequestAborted)
            : user.PasswordHash!;
        return await OpenAsync(user, kept, context);
    }

    /// <summary>The account's user came in from this address within the last months, as the audit log has it. The same work where there is no such account.</summary>
    private async ValueTask<bool> IsKnownThereAsync(Contact contact, HttpContext context)
    {
        User? user = await contact.FindAsync(users, context.RequestAborted);
        Datum[] arguments =
        [
            StoreValues.Of(user?.Id ?? Guid.Empty),
            Datum.Of(ClientInfo.Of(context, proxies).Ip ?? ""),
            StoreValues.Of(clock.GetUtcNow() - KnownFor),
        ];
        return (await store.QueryAsync(PersonSql.CameInFrom, arguments, context.RequestAborted)).Count > 0;
    }

    private (Contact Contact, string Password) Read(string? email, string? phone, string? password)
    {
        if (string.IsNullOrEmpty(email) && string.IsNullOrEmpty(phone))
        {
            throw AuthErrors.ValidationFailed("missing email or phone").ToException();
        }
        bool byPhone = string.IsNullOrEmpty(email);
        if (byPhone && !options.Sms.EnableSignup)
        {
            throw AuthErrors.PhoneProviderDisabled.ToException();
        }
        // An address or password that cannot be anyone's is refused by its form, which tells nothing of any user.
        string? address = byPhone ? PhoneNumber.Normalise(phone!) : EmailAddress.Normalise(email!);
        return address is null || string.IsNullOrEmpty(password) || password.Length > LongestPassword
            ? throw AuthErrors.InvalidCredentials.ToException()
            : (new Contact(byPhone, address), password);
    }

    private async Task<User> AuthenticateAsync(Contact contact, string password, HttpContext context)
    {
        User? user = await contact.FindAsync(users, context.RequestAborted);
        string? hash = user is { DeletedAt: null, IsSsoUser: false } ? user.PasswordHash : null;
        bool valid = await hasher.VerifyAsync(hash, password, context.RequestAborted);
        if (user is not null && hash is not null && hooks.WatchesPasswords)
        {
            await AskAsync(user, valid, context);
        }
        if (!valid)
        {
            await limits.CountFailureAsync(contact.Address);
            throw AuthErrors.InvalidCredentials.ToException();
        }
        return user!;
    }

    private async Task AskAsync(User user, bool valid, HttpContext context)
    {
        (AuthError? refusal, bool logout) = await hooks.AfterPasswordAsync(context, user.Id, valid);
        if (refusal is null)
        {
            return;
        }
        if (logout)
        {
            ClientInfo client = ClientInfo.Of(context, proxies);
            await sessions.EndAsync(user.Id, null, LogoutScope.Global, AuditEntry.Of("logout", user.Id, user.Email, client, clock));
        }
        throw refusal.ToException();
    }

    private void RequireAllowed(User user, Contact contact)
    {
        if (user.IsBanned(clock.GetUtcNow()))
        {
            throw AuthErrors.UserBannedAtSignIn.ToException();
        }
        if (!contact.IsProven(user))
        {
            throw (contact.IsPhone ? AuthErrors.PhoneNotConfirmed : AuthErrors.EmailNotConfirmed).ToException();
        }
    }

    private async Task<(UserWithIdentities Saved, NewSession Opened)> OpenAsync(User user, string kept, HttpContext context)
    {
        ClientInfo client = ClientInfo.Of(context, proxies);
        NewSession opened = sessions.Prepare(user.Id, "password", client);
        AuditEntry audit = AuditEntry.Of("login", user.Id, user.Email, client, clock);
        UserWithIdentities saved = await store.WriteAsync(
            unit =>
            {
                // The password may have been changed while it was being verified.
                UserWithIdentities marked =
                    Users.MarkSignedIn(unit, user.Id, user.PasswordHash, kept, opened.Session.CreatedAt)
                    ?? throw AuthErrors.InvalidCredentials.ToException();
                sessions.Open(unit, opened);
                audit.Write(unit);
                return marked;
            },
            context.RequestAborted
        );
        return (saved, opened);
    }
}
