using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Tenon.Server.Hosting;

namespace Tenon.Cli.Commands;

/// <summary>The lines every command prints the same way.</summary>
internal static class Say
{
    public static string Version { get; } =
        typeof(Say).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    public static void Header(AppFolder app)
    {
        string name = app.Config.Text("project_id") is { Length: > 0 } given ? given : Path.GetFileName(app.Path);
        Console.WriteLine($"tenon {Version}   {name}   {app.Environment}   {app.Shown}");
        foreach (string notice in app.Config.Notices)
        {
            Console.WriteLine("notice  " + notice);
        }
    }

    public static void Step(StartStep step) => Step(step.What, step.Detail, Seconds(step.Took));

    public static void Step(string what, string detail, string took = "") =>
        Console.WriteLine($"  {what,-12} {detail,-36} {took}".TrimEnd());

    public static void Line(string label, string value, string remark = "") =>
        Console.WriteLine($"  {label,-14} {value,-34} {remark}".TrimEnd());

    public static Option<bool> JsonOption() => new("--json") { Description = "Prints JSON, for scripts." };

    /// <summary>A member of an answer as text; empty where it is absent.</summary>
    public static string Text(JsonElement row, string name) =>
        row.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : "";

    public static string Pretty(JsonElement json) => JsonSerializer.Serialize(json, Indented);

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static string Seconds(TimeSpan took) => took.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s";
}
