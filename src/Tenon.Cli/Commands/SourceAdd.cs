using System.CommandLine;
using System.Text;
using System.Text.Json;
using Tenon.Cli.Configuration;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Sources;

namespace Tenon.Cli.Commands;

/// <summary>
/// tenon source add: asks the database first, then writes [sources.NAME] at the end of tenon.toml, its url with the password
/// as a variable of .env.local, and a policies.sql that exposes nothing yet. Nothing is written when the database does not answer.
/// </summary>
internal static class SourceAdd
{
    private const string UrlFile = ".env.local";
    private const string Shape = "mysql://user:password@host:3306/database";

    private static readonly Argument<string> NameArgument = new("NAME") { Description = "The source's name: the profile of its tables in the API." };
    private static readonly Argument<string> Folder = AppFolder.Argument();
    private static readonly Option<string?> Url = new("--url") { Description = $"{Shape}, or env(VARIABLE); without it the url is asked for, or read from the input." };
    private static readonly Option<string?> Variable = new("--variable") { Description = "The variable that holds the url; without it NAME_DATABASE_URL." };
    private static readonly Option<string[]> Schemas = new("--schema") { Description = "A database of the server to read (repeatable); without it the one of the url." };
    private static readonly Option<string[]> Tables = new("--table") { Description = "A table to read, * and ? as wildcards (repeatable); without it all." };
    private static readonly Option<bool> Writable = new("--writable") { Description = "Lets rows be written." };
    private static readonly Option<bool> NoCheck = new("--no-check") { Description = "Writes the settings without asking the database." };
    private static readonly Option<bool> Json = Say.JsonOption();

    /// <summary>What goes into the files. Value: of the url in tenon.toml; Secret: of the variable in .env.local, where it goes there.</summary>
    private sealed record Addition(AttachedOptions Source, string Value, string? Variable, string? Secret);

    public static Command Create()
    {
        var add = new Command("add", "Attaches a database: asks it, then writes [sources.NAME] into tenon.toml and the password into .env.local.");
        add.Arguments.Add(NameArgument);
        add.Arguments.Add(Folder);
        foreach (Option option in new Option[] { Url, Variable, Schemas, Tables, Writable, NoCheck, Json })
        {
            add.Options.Add(option);
        }
        add.SetAction((parsed, cancellation) => AddAsync(parsed, cancellation));
        return add;
    }

    private static async Task<int> AddAsync(ParseResult parsed, CancellationToken cancellation)
    {
        AppFolder app = AppFolder.OpenAny(parsed.GetValue(Folder)!);
        string name = parsed.GetValue(NameArgument)!;
        DemandNew(app, name);
        Addition addition = Plan(app, parsed, name, parsed.GetValue(Url) ?? AskedUrl());
        SourceCheck? check = null;
        string[] found = [];
        if (parsed.GetValue(NoCheck))
        {
            Demand(AttachedSettings.Engines.Open(addition.Source), addition.Source);
        }
        else
        {
            check = await SourceCheck.RunAsync(addition.Source, cancellation);
            if (!check.HasAnswered)
            {
                throw new CommandFailure($"{check.Problem}; nothing is written (--no-check writes it all the same)");
            }
            found = check.Found;
        }
        List<string> written = Write(app, addition, found);
        Tell(parsed.GetValue(Json), app, addition, check, written);
        return 0;
    }

    private static void DemandNew(AppFolder app, string name)
    {
        if (!AttachedOptions.IsName(name))
        {
            throw new CommandFailure($"{name} cannot name a source: lower-case letters, digits and _, beginning with a letter");
        }
        string at = $"sources.{name}.";
        if (app.Config.Entries.FirstOrDefault(e => e.Path.StartsWith(at, StringComparison.Ordinal)) is { } standing)
        {
            throw new CommandFailure($"{app.Shown} has a source {name} already ({standing.File}{(standing.Line > 0 ? $":{standing.Line}" : "")}); change it there, or choose another name");
        }
        if (app.Config.List("api.schemas").Contains(name, StringComparer.Ordinal))
        {
            throw new CommandFailure($"{name} is a schema of the main database that the API exposes; choose another name, a source is a profile too");
        }
    }

    // ---- the url ----

    private static string AskedUrl()
    {
        if (Console.IsInputRedirected)
        {
            return Console.In.ReadLine()?.Trim() is { Length: > 0 } line ? line : throw new CommandFailure($"no url; give it by --url or in the first line of the input: {Shape}");
        }
        Console.Error.Write($"url ({Shape}; it is not shown): ");
        var typed = new StringBuilder();
        for (ConsoleKeyInfo key; (key = Console.ReadKey(intercept: true)).Key != ConsoleKey.Enter;)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                typed.Length = Math.Max(0, typed.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                typed.Append(key.KeyChar);
            }
        }
        Console.Error.WriteLine();
        return typed.Length > 0 ? typed.ToString().Trim() : throw new CommandFailure($"no url; it looks like {Shape}");
    }

    private static Addition Plan(AppFolder app, ParseResult parsed, string name, string given)
    {
        if (given.Any(c => char.IsControl(c) || c is '"' or ' '))
        {
            throw new CommandFailure("the url holds a space, a quote or a control character; write it percent-encoded");
        }
        string url = app.Config.Expand("--url", given);
        var source = new AttachedOptions(name, url)
        {
            Policies = AttachedOptions.PoliciesOf(app.Path, name),
            Tables = parsed.GetValue(Tables) is { Length: > 0 } tables ? [.. tables] : ["*"],
            Schemas = [.. parsed.GetValue(Schemas) ?? []],
            Writable = parsed.GetValue(Writable),
        };
        // A password that is itself a variable is none; the rest of the url may hold variables as well.
        bool isSecret = MaskedSettings.WithoutPassword(given) != given || (url == given && parsed.GetValue(Variable) is not null);
        if (!isSecret)
        {
            return new Addition(source, given, null, null);
        }
        string variable = parsed.GetValue(Variable) ?? name.ToUpperInvariant() + "_DATABASE_URL";
        if (!variable.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') || variable.Length == 0 || char.IsAsciiDigit(variable[0]))
        {
            throw new CommandFailure($"{variable} cannot name a variable: letters, digits and _");
        }
        string? there = app.Variables.GetValueOrDefault(variable);
        return there is null || there == url
            ? new Addition(source, $"env({variable})", variable, there is null ? url : null)
            : throw new CommandFailure($"the variable {variable} is set to something else; choose another one by --variable");
    }

    private static void Demand(Outcome<AttachedDatabase> opened, AttachedOptions source)
    {
        if (opened.Error is { } error)
        {
            (string what, string mend) = SourceCommand.Told(source, error);
            throw new CommandFailure(mend.Length > 0 ? $"{what}; mend: {mend}" : what);
        }
    }

    // ---- the files ----

    /// <summary>The variable first: settings that name one that is not there would keep the app from starting.</summary>
    private static List<string> Write(AppFolder app, Addition addition, string[] found)
    {
        var written = new List<string>();
        if (addition.Secret is { } secret)
        {
            AppendSecret(Path.Combine(app.Path, UrlFile), $"{addition.Variable}={secret}");
            written.Add(UrlFile);
        }
        AttachedOptions source = addition.Source;
        List<(string, string)> keys = [("url", TomlValue.Of(addition.Value))];
        if (!source.Schemas.IsEmpty)
        {
            keys.Add(("schemas", TomlValue.Of(source.Schemas.ToArray<object?>())));
        }
        if (!source.Tables.SequenceEqual(["*"]))
        {
            keys.Add(("tables", TomlValue.Of(source.Tables.ToArray<object?>())));
        }
        if (source.Writable)
        {
            keys.Add(("writable", "true"));
        }
        TomlEdit.AddTable(Path.Combine(app.Path, "tenon.toml"), $"sources.{source.Name}", keys);
        written.Add("tenon.toml");
        string policies = SourceCommand.FileOf(source.Name);
        string file = Path.Combine(app.Path, policies);
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, PoliciesToBeginWith(source.Name, found));
            written.Add(policies);
        }
        return written;
    }

    private static string PoliciesToBeginWith(string name, string[] tables)
    {
        var text = new StringBuilder($"-- Who may see what of source {name}. Read by Tenon, never sent there; nothing is exposed until a line below is.\n");
        foreach (string table in tables)
        {
            text.Append('\n');
            SourceInspect.Lines(table).ForEach(l => text.Append("-- ").Append(l).Append('\n'));
        }
        return text.ToString();
    }

    private static void AppendSecret(string file, string line)
    {
        string before = File.Exists(file) ? File.ReadAllText(file) : "";
        string gap = before.Length == 0 || before.EndsWith('\n') ? "" : "\n";
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows() && !File.Exists(file))
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        using var writer = new StreamWriter(file, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), options);
        writer.Write($"{gap}{line}\n");
    }

    // ---- what is said ----

    private static void Tell(bool json, AppFolder app, Addition addition, SourceCheck? check, List<string> written)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { name = addition.Source.Name, url = addition.Value, variable = addition.Variable, written, check = check?.Row() }));
            return;
        }
        check?.Print();
        Console.WriteLine($"source {addition.Source.Name} is added; written: {string.Join(", ", written)}");
        if (addition.Secret is not null)
        {
            Say.Notice($"{UrlFile} holds the url for development; elsewhere set {addition.Variable}");
            if (!IsIgnored(app.Path))
            {
                Say.Warning($"{UrlFile} holds a password and .gitignore does not name it", $"add {UrlFile} to .gitignore");
            }
        }
        Say.Notice($"expose tables in {SourceCommand.FileOf(addition.Source.Name)}; then: tenon source test {addition.Source.Name}");
    }

    /// <summary>This folder or one above has a .gitignore that names the file; outside of a repository nothing is committed.</summary>
    private static bool IsIgnored(string folder)
    {
        for (DirectoryInfo? at = new(folder); at is not null; at = at.Parent)
        {
            string file = Path.Combine(at.FullName, ".gitignore");
            if (File.Exists(file) && File.ReadLines(file).Any(l => l.Trim().TrimStart('/') is UrlFile or ".env*" or ".env.*" or "*.local"))
            {
                return true;
            }
            if (Path.Exists(Path.Combine(at.FullName, ".git")))
            {
                return false;
            }
        }
        return true;
    }
}
