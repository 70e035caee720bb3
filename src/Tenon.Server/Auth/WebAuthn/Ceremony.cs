using System.Buffers.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Tenon.Server.Auth.WebAuthn;

/// <summary>What the key is for: to sign in by itself, or beside a first factor.</summary>
internal enum KeyUse
{
    /// <summary>Found by the browser without a name (discoverable), and only after the person has unlocked it (UV).</summary>
    Passkey,

    /// <summary>Asked for by its id; older security keys cannot verify their user, so that is only preferred.</summary>
    Factor,
}

/// <summary>A question to the browser: its options as JSON, and what the answer is checked against.</summary>
internal sealed record Question(string Options, string State);

/// <summary>A key that was just made: its public half.</summary>
internal sealed record NewKey(string CredentialId, string PublicKey, long SignCount, string Transports, bool BackupEligible, bool BackedUp);

/// <summary>A signature that holds, with the counter it was made at. The counter is judged where it is kept.</summary>
internal sealed record Assertion(long SignCount, bool BackedUp);

/// <summary>
/// The two ceremonies of WebAuthn, registration (§7.1) and assertion (§7.2), as ASP.NET Core Identity's passkey handler
/// carries them out. It reads from memory what its caller has read from the store: it waits for nothing and its every
/// failure is the answer's fault. Attestation statements are neither asked for nor checked: which make a key is, is not judged.
/// </summary>
internal sealed class Ceremony(RelyingParty party, ILogger<Ceremony> logger)
{
    private const string Refused = "Credential verification failed";

    /// <summary>How long a question waits for its answer.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    public async Task<Question> CreateAsync(HttpContext context, KeyUse use, Subject subject)
    {
        var entity = new PasskeyUserEntity { Id = subject.Id, Name = subject.Name, DisplayName = subject.DisplayName };
        PasskeyCreationOptionsResult made = await Handler(use, subject, null).MakeCreationOptionsAsync(entity, context);
        return new Question(made.CreationOptionsJson, made.AttestationState!);
    }

    /// <summary>Subject null: whoever has a passkey.</summary>
    public async Task<Question> RequestAsync(HttpContext context, KeyUse use, Subject? subject)
    {
        PasskeyRequestOptionsResult made = await Handler(use, subject, null).MakeRequestOptionsAsync(subject, context);
        return new Question(made.RequestOptionsJson, made.AssertionState!);
    }

    /// <summary>The key of a registration's answer; null with the reason where it does not hold.</summary>
    public async Task<(NewKey? Key, string Reason)> AttestAsync(HttpContext context, KeyUse use, Subject subject, string state, JsonElement answer)
    {
        if (!NamesOneKey(answer))
        {
            return (null, Refused);
        }
        var seen = new SeenOrigin();
        var asked = new PasskeyAttestationContext { HttpContext = context, CredentialJson = answer.GetRawText(), AttestationState = state };
        PasskeyAttestationResult result = await Handler(use, subject, seen).PerformAttestationAsync(asked);
        if (!result.Succeeded)
        {
            return (null, Explain(result.Failure, seen));
        }
        UserPasskeyInfo key = result.Passkey;
        return (
            new NewKey(
                Base64Url.EncodeToString(key.CredentialId),
                Base64Url.EncodeToString(key.PublicKey),
                key.SignCount,
                JsonSerializer.Serialize(key.Transports ?? []),
                key.IsBackupEligible,
                key.IsBackedUp
            ),
            ""
        );
    }

    /// <summary>Whether an answer was signed by the key that the subject's credential is of; null with the reason where it was not.</summary>
    public async Task<(Assertion? Assertion, string Reason)> AssertAsync(HttpContext context, KeyUse use, Subject subject, string state, JsonElement answer)
    {
        if (!NamesOneKey(answer))
        {
            return (null, Refused);
        }
        var seen = new SeenOrigin();
        var asked = new PasskeyAssertionContext { HttpContext = context, CredentialJson = answer.GetRawText(), AssertionState = state };
        PasskeyAssertionResult<Subject> result = await Handler(use, subject, seen).PerformAssertionAsync(asked);
        return result.Succeeded
            ? (new Assertion(result.Passkey.SignCount, result.Passkey.IsBackedUp), "")
            : (null, Explain(result.Failure, seen));
    }

    /// <summary>The id an answer names its credential by, in the one form the store has it; null: it names none.</summary>
    public static string? CredentialIdOf(JsonElement answer) => Bytes(answer, "id") is { Length: > 0 } id ? Base64Url.EncodeToString(id) : null;

    // A browser says the id twice, and the handler looks at one of them.
    private static bool NamesOneKey(JsonElement answer) =>
        !answer.TryGetProperty("rawId", out _) || Bytes(answer, "rawId") is { } raw && Bytes(answer, "id") is { } id && raw.AsSpan().SequenceEqual(id);

    /// <summary>The bytes of a member in base64url; null: it is not there or not that.</summary>
    internal static byte[]? Bytes(JsonElement from, string name)
    {
        if (!from.TryGetProperty(name, out JsonElement value) || value.ValueKind != JsonValueKind.String)
        {
            return null;
        }
        try
        {
            return Base64Url.DecodeFromChars(value.GetString());
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            // Not base64url, or half a surrogate pair.
            return null;
        }
    }

    private PasskeyHandler<Subject> Handler(KeyUse use, Subject? subject, SeenOrigin? seen)
    {
        var options = new IdentityPasskeyOptions
        {
            ServerDomain = party.Id ?? throw new InvalidOperationException("WebAuthn without an RP ID"),
            AuthenticatorTimeout = Lifetime,
            UserVerificationRequirement = use == KeyUse.Passkey ? "required" : "preferred",
            ResidentKeyRequirement = use == KeyUse.Passkey ? "required" : "discouraged",
            AttestationConveyancePreference = "none",
            ValidateOrigin = asked =>
            {
                bool accepted = party.Accepts(asked.Origin, asked.CrossOrigin);
                if (!accepted && seen is not null)
                {
                    seen.Refused = asked.CrossOrigin ? "a page within another one's frame" : asked.Origin;
                }
                return ValueTask.FromResult(accepted);
            },
        };
        return new PasskeyHandler<Subject>(CredentialShelf.ManagerOf(subject), Options.Create(options));
    }

    private string Explain(PasskeyException failure, SeenOrigin seen)
    {
        AuthEvents.WebAuthnRefused(logger, failure.Message);
        // The one reason that lies in the settings and not in the answer; all others sound alike.
        return seen.Refused is { } origin
            ? $"Credential verification failed: asked by {origin}, which [auth.passkeys] rp_origins does not name"
            : Refused;
    }

    /// <summary>An origin that was refused, noted for the message.</summary>
    private sealed class SeenOrigin
    {
        public string? Refused { get; set; }
    }
}
