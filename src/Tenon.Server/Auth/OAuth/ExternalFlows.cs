using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tenon.Core.Types;
using Tenon.Server.Auth.OneTime;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.OAuth;

/// <summary>What is drawn for one flow: the state, the nonce and PKCE verifier towards the issuer, the browser's cookie.</summary>
internal sealed record FlowSecrets(string State, string Nonce, string Verifier)
{
    /// <summary>The token of an invitation that this sign-in is to accept.</summary>
    public string? Invite { get; init; }

    public static FlowSecrets Draw() => new(Random(), Random(), Random());

    public string Challenge => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    public static string Random() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
}

/// <summary>A flow on its way to an issuer and back.</summary>
internal sealed record ExternalFlow(
    Guid Id,
    string Provider,
    FlowSecrets Secrets,
    string? BrowserHash,
    string RedirectTo,
    CodeChallenge? Challenge,
    Guid? LinkUser,
    DateTimeOffset ExpiresAt
);

/// <summary>The flows of auth.external_flows: begun by /authorize, taken exactly once by /callback.</summary>
internal sealed class ExternalFlows(StoreDatabase store, Vault vault, TimeProvider clock)
{
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    public async Task BeginAsync(ExternalFlow flow, CancellationToken cancellation)
    {
        DateTimeOffset now = StoreTime.Now(clock);
        string sealedSecrets = vault.Seal(JsonSerializer.SerializeToUtf8Bytes(flow.Secrets), Label(flow.Id));
        await store.WriteAsync(
            unit =>
                unit.Execute(
                    ExternalSql.InsertFlow,
                    StoreValues.Of(flow.Id),
                    Datum.Of(HashOf(flow.Secrets.State)),
                    Datum.Of(flow.Provider),
                    Datum.Of(sealedSecrets),
                    StoreValues.OfText(flow.BrowserHash),
                    Datum.Of(flow.RedirectTo),
                    StoreValues.OfText(flow.Challenge?.Text),
                    StoreValues.OfText(flow.Challenge?.Method),
                    StoreValues.Of(flow.LinkUser),
                    StoreValues.Of(now),
                    StoreValues.Of(now + Life)
                ),
            cancellation
        );
    }

    /// <summary>The flow of a state; to exactly one of any number of askers. Null: none, or taken.</summary>
    public async Task<ExternalFlow?> TakeAsync(string state)
    {
        // Not cancelled with the request: a state that was used up must stay so.
        List<Datum[]> rows = await store.WriteAsync(unit => unit.Execute(ExternalSql.TakeFlow, Datum.Of(HashOf(state))), CancellationToken.None);
        if (rows is not [var row])
        {
            return null;
        }
        Guid id = row[0].Uuid();
        return new ExternalFlow(
            id,
            row[1].Text,
            JsonSerializer.Deserialize<FlowSecrets>(vault.Open(row[2].Text, Label(id)))! with { State = state },
            row[3].TextOrNull(),
            row[4].Text,
            row[5].TextOrNull() is { } challenge ? new CodeChallenge(challenge, row[6].Text) : null,
            row[7].IsNull ? null : row[7].Uuid(),
            row[8].Time()!.Value
        );
    }

    public static string HashOf(string text) => TokenHash.TryOf(text, out TokenHash hash) ? hash.ToString() : "";

    private static string Label(Guid id) => $"external flow {id:D}";
}
