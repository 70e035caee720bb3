using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tenon.Core.Errors;
using Tenon.Server.Auth.Hooks;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.OAuth;

/// <summary>What a person who came in by an issuer gets: a session, or a code that the application exchanges for one.</summary>
internal sealed record Entered(UserWithIdentities? User, NewSession? Session, Guid? FlowCode);

/// <summary>What a flow is for beside signing in: a user who links an identity, or the token of an invitation; mostly neither.</summary>
internal readonly record struct Purpose(Guid? LinkUser, string? Invite);

/// <summary>Admits a person and opens their session, or gives out the code of the application's PKCE flow, in one write unit.</summary>
internal sealed class ExternalSignIn(
    StoreDatabase store,
    AccountLinking linking,
    UserHooks hooks,
    Sessions sessions,
    TokenCache cache,
    Vault vault,
    TrustedProxies proxies,
    TimeProvider clock
)
{
    // Two first sign-ins at once meet in the unique keys; the second one then finds what the first one wrote.
    private const int Attempts = 3;

    private sealed record Prepared(Admission Admission, NewSession Session, AuditEntry Audit, CodeChallenge? Challenge, Guid Code, Guid Flow, string? SealedTokens);

    public async Task<Entered> EnterAsync(HttpContext context, Provider provider, Person person, ProviderTokens? tokens, CodeChallenge? challenge, Purpose purpose)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        ClientInfo client = ClientInfo.Of(context, proxies);
        var flow = Guid.NewGuid();
        var admission = new Admission(person, provider, purpose.LinkUser, Guid.NewGuid(), Guid.NewGuid(), now) { Invite = purpose.Invite };
        if (await linking.CreatesAsync(admission, context.RequestAborted))
        {
            await hooks.BeforeCreatedAsync(context, linking.NewUser(admission));
            admission = admission with { MayCreate = true };
        }
        var prepared = new Prepared(
            admission,
            sessions.Prepare(Guid.Empty, "oauth", client),
            AuditEntry.Of("login", null, null, client, clock),
            challenge,
            Guid.NewGuid(),
            flow,
            challenge is null || tokens is null ? null : vault.Seal(JsonSerializer.SerializeToUtf8Bytes(tokens), LabelOf(flow))
        );
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                (Entered entered, Admitted admitted) = await store.WriteAsync(unit => Enter(unit, prepared), CancellationToken.None);
                if (admitted.TakenOver || purpose.LinkUser is not null)
                {
                    cache.DropUser(admitted.User.Id);
                }
                return entered;
            }
            catch (TenonException e) when (e.Error.Code == ErrorCodes.UniqueViolation && attempt < Attempts)
            {
                // Somebody was first.
            }
            catch (TenonException e) when (Users.Translate(e, AuthErrors.EmailExists) is { } refused)
            {
                throw refused;
            }
        }
    }

    /// <summary>The issuer's tokens that lie sealed with a PKCE code.</summary>
    public static ProviderTokens? Open(Vault vault, Guid flow, string? sealedTokens) =>
        sealedTokens is null ? null : JsonSerializer.Deserialize<ProviderTokens>(vault.Open(sealedTokens, LabelOf(flow)));

    private static string LabelOf(Guid flow) => $"provider tokens {flow:D}";

    private (Entered, Admitted) Enter(IStoreTransaction unit, Prepared p)
    {
        Admission a = p.Admission;
        Admitted admitted = linking.Settle(unit, a);
        User user = admitted.User;
        string action = a.LinkUser is not null ? "identity_linked" : admitted.SignedUp ? "user_signedup" : "login";
        (p.Audit with { Action = action, Actor = user.Id, ActorName = user.Email ?? user.Phone }).Write(unit);
        if (p.Challenge is { } challenge)
        {
            FlowStates.Insert(unit, p.Code, p.Flow, user.Id, challenge, a.Provider.Name, FlowStates.OAuth, a.Now, p.SealedTokens);
            return (new Entered(null, null, p.Code), admitted);
        }
        var opened = new NewSession(p.Session.Session with { UserId = user.Id }, p.Session.Token);
        if (Users.MarkSignedIn(unit, user.Id, user.PasswordHash, user.PasswordHash, a.Now) is not { } marked)
        {
            throw AuthErrors.Conflict.ToException();
        }
        sessions.Open(unit, opened);
        return (new Entered(marked, opened, null), admitted);
    }
}
