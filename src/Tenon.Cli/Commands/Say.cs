using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Tenon.Core.Policies;
using Tenon.Server.Hosting;

namespace Tenon.Cli.Commands;

/// <summary>The lines every command prints the same way; colours only where a person looks.</summary>
internal static class Say
{
    private const string Yellow = "33";
    private const string Bold = "1";
    private const string Dim = "2";

    private static readonly bool InColour =
        !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    public static string Version { get; } =
        typeof(Say).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    public static void Header(AppFolder app)
    {
        string name = app.Config.Text("project_id") is { Length: > 0 } given ? given : Path.GetFileName(app.Path);
        Console.WriteLine($"{In(Bold, "tenon " + Version)}   {name}   {app.Environment}   {app.Shown}");
        foreach (string notice in app.Config.Notices)
        {
            Notice(notice);
        }
    }

    public static void Step(StartStep step) => Step(step.What, step.Detail, step.Took is { } took ? Seconds(took) : "");

    public static void Step(string what, string detail, string took = "") =>
        Console.WriteLine($"  {what,-12} {detail,-36} {took}".TrimEnd());

    public static void Line(string label, string value, string remark = "") =>
        Console.WriteLine($"  {label,-14} {value,-34} {In(Dim, remark)}".TrimEnd());

    public static void Ready(string text) => Console.WriteLine(In(Bold, text));

    public static void Notice(string text) => Console.WriteLine("notice  " + text);

    public static void Warning(string text, string mend) =>
        Console.WriteLine($"{In(Yellow, "warning")}  {text}\n         mend: {mend}");

    /// <summary>Warns of every open table that is not listed, and of entries of the list that mean nothing.</summary>
    public static void OpenTables(Backend backend)
    {
        foreach (OpenTable table in backend.OpenTables)
        {
            Warning(table.ToString(), Backend.MendOf(table, backend.Options.OpenTables));
        }
        foreach (string idle in backend.IdleOpenEntries)
        {
            Notice($"[api] open lists {idle}, which is no open table");
        }
    }

    public static void Failure(string message) => Console.Error.WriteLine("tenon: " + message);

    public static Option<bool> JsonOption() => new("--json") { Description = "Prints JSON, for scripts." };

    /// <summary>A member of an answer as text; empty where it is absent.</summary>
    public static string Text(JsonElement row, string name) =>
        row.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : "";

    public static string Pretty(JsonElement json) => JsonSerializer.Serialize(json, Indented);

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static string Seconds(TimeSpan took) => took.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s";

    private static string In(string style, string text) => InColour && text.Length > 0 ? $"\e[{style}m{text}\e[0m" : text;
}
