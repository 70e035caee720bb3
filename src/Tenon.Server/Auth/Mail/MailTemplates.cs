using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tenon.Server.Auth.Mail.Templates;

namespace Tenon.Server.Auth.Mail;

/// <summary>A mail rendered: subject and HTML.</summary>
internal readonly record struct RenderedMail(string Subject, string Html);

/// <summary>
/// The templates in force: the app's (by <c>[auth.email.template.NAME]</c> or as emails/NAME.html), else the product's; per
/// language from a folder beside them (emails/de/NAME.html). Read and parsed once, so a mistake stops the start. What an
/// administrator set over the app's own goes before it.
/// </summary>
internal sealed partial class MailTemplates
{
    public static readonly string[] Names = ["confirmation", "invite", "magic_link", "recovery", "email_change", "reauthentication"];

    private sealed record Page(Template Subject, Template Html);

    private volatile FrozenDictionary<string, Page> pages;

    public MailTemplates(AuthOptions options) => pages = Load(options, ImmutableDictionary<string, string>.Empty);

    /// <summary>Throws what a start with these would be refused for.</summary>
    public static void Check(AuthOptions options, IReadOnlyDictionary<string, string> over) => Load(options, over);

    /// <summary>Takes others over while mails are sent.</summary>
    public void Use(AuthOptions options, IReadOnlyDictionary<string, string> over) => pages = Load(options, over);

    private static FrozenDictionary<string, Page> Load(AuthOptions options, IReadOnlyDictionary<string, string> over)
    {
        var found = new Dictionary<string, Page>(StringComparer.Ordinal);
        foreach (string name in Names)
        {
            AuthTemplateOptions? own = options.Email.Templates.GetValueOrDefault(name);
            string shipped = Shipped(name);
            string main = Main(options, name, own);
            found[name] =
                over.TryGetValue(name, out string? html) ? Parse($"template {name}", html, own?.Subject, MailText.Title(shipped)!)
                : main.Length > 0 && File.Exists(main) ? Load(main, own?.Subject, MailText.Title(shipped)!)
                : Parse($"template {name}", shipped, own?.Subject, MailText.Title(shipped)!);
            foreach (string folder in Languages(Path.GetDirectoryName(main)))
            {
                string file = Path.Combine(folder, Path.GetFileName(main));
                if (File.Exists(file))
                {
                    found[$"{name}/{Path.GetFileName(folder).ToLowerInvariant()}"] = Load(file, null, own?.Subject is { Length: > 0 } s ? s : MailText.Title(shipped)!);
                }
            }
        }
        return found.ToFrozenDictionary(StringComparer.Ordinal);
    }

    public RenderedMail Render(string name, IReadOnlyDictionary<string, object?> variables)
    {
        Page page = Find(name, Template.TextOf(Template.Member(variables.GetValueOrDefault("Data"), "locale")));
        return new RenderedMail(MailText.Header(page.Subject.Render(variables)), page.Html.Render(variables));
    }

    // de-CH, then de, then the main one.
    private Page Find(string name, string locale)
    {
        string language = locale.ToLowerInvariant().Replace('_', '-');
        return pages.GetValueOrDefault($"{name}/{language}")
            ?? pages.GetValueOrDefault($"{name}/{language.Split('-')[0]}")
            ?? pages[name];
    }

    /// <summary>The app's own file of a template; null where the shipped one is sent.</summary>
    public static string? FileOf(AuthOptions options, string name) =>
        Main(options, name, options.Email.Templates.GetValueOrDefault(name)) is { Length: > 0 } file && File.Exists(file) ? file : null;

    private static string Main(AuthOptions options, string name, AuthTemplateOptions? own)
    {
        if (own?.ContentPath is { Length: > 0 } path)
        {
            string full = Path.GetFullPath(Path.Combine(options.AppFolder, path));
            return File.Exists(full)
                ? full
                : throw new InvalidOperationException($"[auth.email.template.{name}] content_path: there is no file {path}");
        }
        return options.AppFolder.Length == 0 ? "" : Path.GetFullPath(Path.Combine(options.AppFolder, "emails", name + ".html"));
    }

    private static IEnumerable<string> Languages(string? folder) =>
        folder is { Length: > 0 } && Directory.Exists(folder)
            ? Directory.GetDirectories(folder).Where(sub => LanguageTag().IsMatch(Path.GetFileName(sub)))
            : [];

    private static Page Load(string file, string? subject, string fallback) =>
        Parse(Path.GetFileName(file), File.ReadAllText(file), subject, fallback);

    private static Page Parse(string label, string html, string? subject, string fallback)
    {
        string line = subject is { Length: > 0 } ? subject : MailText.Title(html) is { Length: > 0 } title ? System.Net.WebUtility.HtmlDecode(title) : fallback;
        try
        {
            var page = new Page(Template.Plain(line), Template.Html(html));
            // Run once over nothing: what a template asks of its functions shows now, not when a mail is due.
            var blank = new Dictionary<string, object?> { ["Data"] = JsonElement.Parse("{}") };
            page.Subject.Render(blank);
            page.Html.Render(blank);
            return page;
        }
        catch (TemplateException e)
        {
            throw new InvalidOperationException($"{label}: {e.Message}");
        }
    }

    private static string Shipped(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Tenon.Server.Auth.Mail.{name}.html")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"\A[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\z", RegexOptions.CultureInvariant)]
    private static partial Regex LanguageTag();
}
