using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Tenon.Cli.Commands;

/// <summary>Runs the program by which an engine dumps its own databases.</summary>
internal static partial class DumpProgram
{
    public static async Task RunAsync(ProcessStartInfo program, Stream output, CancellationToken cancellation)
    {
        using var process = new Process { StartInfo = program };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            throw new CommandFailure($"{program.FileName} is not installed; install the client programs of the database");
        }
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(cancellation);
            await process.StandardOutput.BaseStream.CopyToAsync(output, cancellation);
            await process.WaitForExitAsync(cancellation);
            if (process.ExitCode != 0)
            {
                throw new CommandFailure((await errors).Trim().Split('\n')[0]);
            }
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    /// <summary>The statements of a dump of a schema, without what only says how to read it.</summary>
    public static async Task<ImmutableArray<string>> StatementsAsync(ProcessStartInfo program, CancellationToken cancellation)
    {
        using var output = new MemoryStream();
        await RunAsync(program, output, cancellation);
        string text = Encoding.UTF8.GetString(output.ToArray());
        // Each object stands behind a head of its own: "-- Name: notes; Type: TABLE; …".
        return [.. Heads().Split(text).Skip(1).Select(s => Remarks().Replace(s, "").Trim()).Where(s => s.Length > 0)];
    }

    [GeneratedRegex(@"^--\n-- Name: .*\n--\n", RegexOptions.Multiline)]
    private static partial Regex Heads();

    [GeneratedRegex(@"^(--.*|\\.*|SET \w+ = .*;)$", RegexOptions.Multiline)]
    private static partial Regex Remarks();
}
