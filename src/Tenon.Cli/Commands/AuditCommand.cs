using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Tenon.Cli.Commands;

/// <summary>tenon audit verify: whether the audit log is as it was written.</summary>
internal static class AuditCommand
{
    public static Command Create()
    {
        var command = new Command("audit", "Checks the audit log.");
        command.Subcommands.Add(Verify());
        return command;
    }

    private static Command Verify()
    {
        Argument<string> folder = AppFolder.Argument();
        var anchor = new Option<string?>("--anchor") { Description = "SEQ:HASH of an earlier check, kept elsewhere: the log must still hold that entry." };
        Option<bool> json = Say.JsonOption();
        var verify = new Command("verify", "Walks the chain of the audit log; names the first entry that is not as it was written, and exits with 1.");
        verify.Arguments.Add(folder);
        verify.Options.Add(anchor);
        verify.Options.Add(json);
        verify.SetAction(async (parsed, cancellation) =>
        {
            await using AdminApi api = await AdminApi.ConnectAsync(AppFolder.OpenAny(parsed.GetValue(folder)!), cancellation);
            (JsonElement last, long entries) = await WalkAsync(api, parsed.GetValue(anchor), cancellation);
            bool valid = last.GetProperty("valid").GetBoolean();
            JsonElement? finding = last.TryGetProperty("finding", out JsonElement found) ? found : null;
            string place = Say.Text(last, "place");
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(new { valid, entries, anchor = place, finding }));
            }
            else if (valid)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{entries:N0} entries, unbroken"));
                Console.WriteLine($"anchor {place}");
            }
            else
            {
                Say.Failure(Words(finding!.Value));
            }
            return valid ? 0 : 1;
        });
        return verify;
    }

    private static async Task<(JsonElement Last, long Entries)> WalkAsync(AdminApi api, string? anchor, CancellationToken cancellation)
    {
        string kept = anchor is null ? "" : "&anchor=" + Uri.EscapeDataString(anchor);
        string from = "";
        long entries = 0;
        while (true)
        {
            JsonElement report = await api.GetAsync($"audit/verify?{from}{kept}", cancellation);
            entries += report.GetProperty("checked").GetInt64();
            if (!report.GetProperty("more").GetBoolean())
            {
                return (report, entries);
            }
            if (!Console.IsErrorRedirected)
            {
                Console.Error.Write(string.Create(CultureInfo.InvariantCulture, $"\r{entries:N0} entries"));
            }
            from = "from=" + Uri.EscapeDataString(Say.Text(report, "place"));
        }
    }

    private static string Words(JsonElement finding)
    {
        string seq = Say.Text(finding, "seq");
        string id = Say.Text(finding, "id");
        string entry = (seq.Length, id.Length) switch
        {
            (0, 0) => "",
            (0, _) => $"entry {id}: ",
            (_, 0) => $"entry {seq}: ",
            _ => $"entry {seq} ({id}): ",
        };
        return $"the audit log is not as it was written: {entry}{Say.Text(finding, "problem")}";
    }
}
