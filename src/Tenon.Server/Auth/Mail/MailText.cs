using System.Net;
using System.Text.RegularExpressions;

namespace Tenon.Server.Auth.Mail;

/// <summary>The plain text of an HTML mail, and header text that cannot start another header.</summary>
internal static partial class MailText
{
    private const int LongestHeader = 200;

    /// <summary>Tags dropped, links as "text (address)", entities decoded: for readers that show no HTML.</summary>
    public static string FromHtml(string html)
    {
        string text = Hidden().Replace(html, "");
        text = Link().Replace(text, "$2 ($1)");
        text = LineEnd().Replace(text, "\n");
        text = Tag().Replace(text, "");
        text = WebUtility.HtmlDecode(text);
        string[] lines = [.. text.Split('\n').Select(line => Spaces().Replace(line, " ").Trim())];
        return string.Join('\n', lines.Where((line, i) => line.Length > 0 || (i > 0 && lines[i - 1].Length > 0))).Trim() + "\n";
    }

    /// <summary>One line: every control character is a space (RFC 5322 §2.2; a line break would begin a header).</summary>
    public static string Header(string text)
    {
        string line = new string([.. text.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c)]).Trim();
        return line.Length <= LongestHeader ? line : line[..LongestHeader];
    }

    /// <summary>The title of an HTML page; null where it has none.</summary>
    public static string? Title(string html) => TitleElement().Match(html) is { Success: true } match ? match.Groups[1].Value.Trim() : null;

    [GeneratedRegex(@"<(head|style|script)\b[^>]*>.*?</\1\s*>|<!--.*?-->", RegexOptions.Singleline | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Hidden();

    [GeneratedRegex("<a\\b[^>]*?href=[\"']([^\"']*)[\"'][^>]*>(.*?)</a\\s*>", RegexOptions.Singleline | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"<br\s*/?>|</(p|div|h[1-6]|li|tr)\s*>", RegexOptions.IgnoreCase)]
    private static partial Regex LineEnd();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex(@"[ \t\r]+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"<title[^>]*>(.*?)</title\s*>", RegexOptions.Singleline | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex TitleElement();
}
