using System.Globalization;

namespace Tenon.Server.Auth.Mail.Templates;

/// <summary>
/// Follows a template's literal text to know where in the HTML the next value lands. A place where no escaping is safe
/// (script, style, a tag's own name, an attribute without quotes) is refused.
/// </summary>
internal sealed class HtmlContext
{
    private bool inTag;
    private bool inComment;
    private string raw = "";
    private char quote;
    private string tag = "";
    private string attribute = "";
    private bool valueStarted;

    public void Read(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (inComment)
            {
                int end = text.IndexOf("-->", i, StringComparison.Ordinal);
                inComment = end < 0;
                i = end < 0 ? text.Length : end + 2;
            }
            else if (raw.Length > 0 && !inTag)
            {
                int end = text.IndexOf("</" + raw, i, StringComparison.OrdinalIgnoreCase);
                raw = end < 0 ? raw : "";
                i = end < 0 ? text.Length : end - 1;
            }
            else
            {
                Step(text, i);
            }
        }
    }

    public OutputContext ForValue(int line)
    {
        if (inComment || raw.Length > 0)
        {
            throw Refused(line, raw.Length > 0 ? $"a value inside <{raw}>" : "a value inside a comment");
        }
        if (!inTag)
        {
            return OutputContext.Html;
        }
        if (quote == '\0')
        {
            throw Refused(line, "a value inside a tag, outside a quoted attribute");
        }
        if (attribute.StartsWith("on", StringComparison.Ordinal) || attribute is "style" or "srcdoc")
        {
            throw Refused(line, $"a value in the attribute {attribute}");
        }
        bool first = !valueStarted && attribute is "href" or "src" or "action" or "formaction" or "background" or "cite";
        valueStarted = true;
        return first ? OutputContext.UrlStart : OutputContext.Attribute;
    }

    private void Step(string text, int i)
    {
        char c = text[i];
        if (quote != '\0')
        {
            valueStarted |= c != quote;
            quote = c == quote ? '\0' : quote;
        }
        else if (!inTag)
        {
            inComment = c == '<' && text.AsSpan(i).StartsWith("<!--");
            inTag = c == '<' && !inComment;
            tag = "";
            attribute = "";
        }
        else if (c == '>')
        {
            inTag = false;
            string name = tag.Split(' ')[0].ToLowerInvariant();
            raw = name is "script" or "style" ? name : "";
        }
        else if (c is '"' or '\'')
        {
            quote = c;
            valueStarted = false;
            attribute = AttributeBefore(tag);
        }
        else
        {
            tag += char.IsWhiteSpace(c) ? ' ' : c;
        }
    }

    // The word before the last "=", as in: a href=
    private static string AttributeBefore(string tag)
    {
        string text = tag.TrimEnd();
        text = text.EndsWith('=') ? text[..^1].TrimEnd() : "";
        return text[(text.LastIndexOf(' ') + 1)..].ToLowerInvariant();
    }

    private static TemplateException Refused(int line, string what) =>
        new(string.Create(CultureInfo.InvariantCulture, $"line {line}: {what} cannot be escaped safely"));
}
