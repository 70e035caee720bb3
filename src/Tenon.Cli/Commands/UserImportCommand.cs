using System.Buffers.Binary;
using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Cli.Import;

namespace Tenon.Cli.Commands;

/// <summary>
/// tenon user import FILE --from supabase|firebase|keycloak: users with hashes, identities, metadata and second factors, read as a stream and
/// sent in batches. Who is there already is left alone, so a run that broke off is begun again. Refused rows are named by line.
/// </summary>
internal static class UserImportCommand
{
    private const int Batch = 100;
    private const int MostCharacters = 512 * 1024;

    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The dump or export." };
        Argument<string> folder = AppFolder.Argument();
        var from = new Option<string>("--from") { Description = "supabase, firebase or keycloak.", Required = true };
        from.AcceptOnlyFromAmong("supabase", "firebase", "keycloak");
        var identities = new Option<string?>("--identities") { Description = "supabase: auth.identities as CSV or JSON, where FILE holds auth.users alone." };
        var factors = new Option<string?>("--factors") { Description = "supabase: auth.mfa_factors as CSV or JSON, where FILE does not hold it." };
        var config = new Option<string?>("--hash-config") { Description = "firebase: a file with the block hash_config { … } of the project's console." };
        var dry = new Option<bool>("--dry-run") { Description = "Tries everything and keeps nothing." };
        Option<bool> json = Say.JsonOption();
        var command = new Command("import", "Takes over users of another system with their password hashes, identities and metadata.");
        command.Arguments.Add(file);
        command.Arguments.Add(folder);
        foreach (Option option in new Option[] { from, identities, factors, config, dry, json })
        {
            command.Options.Add(option);
        }
        command.SetAction(async (parsed, cancellation) =>
        {
            string path = parsed.GetValue(file)!;
            if (!File.Exists(path))
            {
                throw new CommandFailure($"there is no file {path}");
            }
            ImportSource source = parsed.GetValue(from) switch
            {
                "supabase" => SupabaseUsers.Open(path, parsed.GetValue(identities), parsed.GetValue(factors)),
                "firebase" => FirebaseUsers.Open(path, parsed.GetValue(config)),
                _ => KeycloakUsers.Open(path),
            };
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            var run = new Run(api, parsed.GetValue(dry), parsed.GetValue(json));
            Counts users = await run.AllAsync("users", source.Users(), cancellation);
            // A dry run keeps no users, so it cannot try what hangs on them.
            Counts? others = source.Identities is null || parsed.GetValue(dry) ? null : await run.AllAsync("identities", source.Identities(), cancellation);
            Counts? proofs = source.Factors is null || parsed.GetValue(dry) ? null : await run.AllAsync("factors", source.Factors(), cancellation);
            return run.Report(users, others, proofs);
        });
        return command;
    }

    private sealed class Counts
    {
        public long Created { get; set; }
        public long Exists { get; set; }
        public long Refused { get; set; }
    }

    private sealed class Run(AdminApi api, bool dry, bool json)
    {
        private readonly JsonArray refusals = [];

        // In a dry run nothing is written that a later row could meet: addresses are remembered here, by a hash.
        private readonly HashSet<long> seen = [];

        public async Task<Counts> AllAsync(string what, IEnumerable<ImportRow> rows, CancellationToken cancellation)
        {
            var counts = new Counts();
            var batch = new List<ImportRow>(Batch);
            long length = 0;
            foreach (ImportRow row in rows)
            {
                if (row.Body is null)
                {
                    Refuse(counts, row.Line, row.Refused!);
                    continue;
                }
                batch.Add(row);
                length += row.Body.ToJsonString().Length;
                if (batch.Count == Batch || length > MostCharacters)
                {
                    await SendAsync(what, batch, counts, cancellation);
                    batch.Clear();
                    length = 0;
                }
            }
            if (batch.Count > 0)
            {
                await SendAsync(what, batch, counts, cancellation);
            }
            return counts;
        }

        private async Task SendAsync(string what, List<ImportRow> batch, Counts counts, CancellationToken cancellation)
        {
            var body = new JsonObject { ["dry_run"] = dry, [what] = new JsonArray([.. batch.Select(row => row.Body)]) };
            JsonElement results = (await api.SendAsync(HttpMethod.Post, "users/import", body, cancellation)).GetProperty("results");
            for (int i = 0; i < batch.Count; i++)
            {
                JsonElement result = results[i];
                switch (Say.Text(result, "outcome"))
                {
                    case "created" when dry && what == "users" && Repeats(batch[i].Body!):
                        Refuse(counts, batch[i].Line, "an earlier row has the same address");
                        break;
                    case "created":
                        counts.Created++;
                        break;
                    case "exists":
                        counts.Exists++;
                        break;
                    default:
                        Refuse(counts, batch[i].Line, Say.Text(result, "reason"));
                        break;
                }
            }
            if (!json && !Console.IsErrorRedirected)
            {
                Console.Error.Write(string.Create(CultureInfo.InvariantCulture, $"\r{counts.Created + counts.Exists + counts.Refused:N0} {what}"));
            }
        }

        private bool Repeats(JsonObject body) =>
            (string?)body["email"] is { Length: > 0 } email && !seen.Add(BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(email.Trim().ToLowerInvariant()))));

        private void Refuse(Counts counts, long line, string reason)
        {
            counts.Refused++;
            if (json)
            {
                refusals.Add((JsonNode)new JsonObject { ["line"] = line, ["reason"] = reason });
            }
            else
            {
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"line {line}: {reason}"));
            }
        }

        public int Report(Counts users, Counts? identities, Counts? factors)
        {
            if (json)
            {
                JsonObject Of(Counts c) => new() { [dry ? "would_create" : "created"] = c.Created, ["existing"] = c.Exists, ["refused"] = c.Refused };
                Console.WriteLine(new JsonObject { ["dry_run"] = dry, ["users"] = Of(users), ["identities"] = identities is null ? null : Of(identities), ["factors"] = factors is null ? null : Of(factors), ["refusals"] = refusals }.ToJsonString());
            }
            else
            {
                Print("users", users);
                if (identities is not null)
                {
                    Print("identities", identities);
                }
                if (factors is not null)
                {
                    Print("factors", factors);
                }
            }
            return users.Refused + (identities?.Refused ?? 0) + (factors?.Refused ?? 0) > 0 ? 1 : 0;
        }

        private void Print(string what, Counts counts) =>
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"{counts.Created:N0} {what} {(dry ? "would be created" : "created")}, {counts.Exists:N0} there already, {counts.Refused:N0} refused")
            );
    }
}
