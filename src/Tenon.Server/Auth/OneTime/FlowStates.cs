using Tenon.Core.Types;
using Tenon.Server.Store;

namespace Tenon.Server.Auth.OneTime;

/// <summary>A PKCE flow whose code was given out: whose it is, and what the exchange must prove.</summary>
internal sealed record Flow(Guid Id, Guid User, CodeChallenge Challenge, string Method, DateTimeOffset ExpiresAt, bool Used, string? SealedTokens)
{
    public static Flow Read(Datum[] row) =>
        new(
            row[0].Uuid(),
            row[1].Uuid(),
            new CodeChallenge(row[2].Text, row[3].Text),
            row[4].Text,
            row[5].Time()!.Value,
            !row[6].IsNull,
            row[7].TextOrNull()
        );
}

/// <summary>The state of PKCE flows (auth.flow_state). Only a hash of the code is kept.</summary>
internal static class FlowStates
{
    /// <summary>The method of a flow that led through an external provider.</summary>
    public const string OAuth = "oauth";

    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    /// <summary>Gives a code out: written with what its exchange must prove.</summary>
    public static void Insert(IStoreTransaction unit, Guid code, Guid id, Guid user, CodeChallenge challenge, string provider, string method, DateTimeOffset now, string? sealedTokens = null) =>
        unit.Execute(
            OneTimeSql.InsertFlow,
            StoreValues.Of(id),
            StoreValues.Of(user),
            Datum.Of(HashOf(code.ToString("D"))),
            Datum.Of(challenge.Text),
            Datum.Of(challenge.Method),
            Datum.Of(provider),
            Datum.Of(method),
            StoreValues.Of(now),
            StoreValues.Of(now + Life),
            StoreValues.OfText(sealedTokens)
        );

    public static Flow? Find(IStoreTransaction unit, string code) =>
        unit.Execute(OneTimeSql.FindFlow, Datum.Of(HashOf(code))) is [var row] ? Flow.Read(row) : null;

    /// <summary>True for exactly one of any number of askers.</summary>
    public static bool Use(IStoreTransaction unit, Flow flow, DateTimeOffset now) =>
        unit.Execute(OneTimeSql.UseFlow, StoreValues.Of(flow.Id), StoreValues.Of(now)).Count == 1;

    private static string HashOf(string code) => TokenHash.TryOf(code, out TokenHash hash) ? hash.ToString() : "";
}
