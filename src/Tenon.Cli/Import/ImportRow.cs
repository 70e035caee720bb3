using System.Text.Json.Nodes;

namespace Tenon.Cli.Import;

/// <summary>A user or an identity of a file in the shape that POST /admin/users/import reads, or why it cannot be one.</summary>
internal sealed record ImportRow(long Line, JsonObject? Body, string? Refused = null)
{
    public static ImportRow No(long line, string reason) => new(line, null, reason);
}

/// <summary>
/// The rows of a file, read as they are asked for: users, then identities that the file keeps apart from them, then second
/// factors. Sessions are never among them: who came in there signs in here.
/// </summary>
internal sealed record ImportSource(Func<IEnumerable<ImportRow>> Users, Func<IEnumerable<ImportRow>>? Identities = null, Func<IEnumerable<ImportRow>>? Factors = null);
