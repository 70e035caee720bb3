using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Tenon.Server.Auth.Mail.Templates;

/// <summary>The built-in functions of Go's templates that mails use.</summary>
internal static class TemplateFunctions
{
    public static object? Call(string name, List<object?> arguments) =>
        name switch
        {
            "and" => arguments.FirstOrDefault(value => !Template.IsTrue(value), arguments[^1]),
            "or" => arguments.FirstOrDefault(Template.IsTrue, arguments[^1]),
            "not" => !Template.IsTrue(arguments[0]),
            "eq" => arguments.Skip(1).Any(other => Compare(arguments[0], other) == 0),
            "ne" => Two(name, arguments) != 0,
            "lt" => Two(name, arguments) < 0,
            "le" => Two(name, arguments) <= 0,
            "gt" => Two(name, arguments) > 0,
            "ge" => Two(name, arguments) >= 0,
            "len" => Length(arguments[0]),
            "index" => arguments.Skip(1).Aggregate(arguments[0], Index),
            "print" => string.Concat(arguments.Select(Template.TextOf)),
            "printf" => Format(arguments),
            "html" => WebUtility.HtmlEncode(string.Concat(arguments.Select(Template.TextOf))),
            "urlquery" => Uri.EscapeDataString(string.Concat(arguments.Select(Template.TextOf))),
            _ => throw new TemplateException($"there is no function \"{name}\""),
        };

    private static int Two(string name, List<object?> arguments) =>
        arguments.Count == 2 ? Compare(arguments[0], arguments[1]) : throw new TemplateException($"\"{name}\" compares two values");

    private static int Compare(object? a, object? b) =>
        a is double x && b is double y ? x.CompareTo(y) : string.CompareOrdinal(Template.TextOf(a), Template.TextOf(b));

    private static double Length(object? value) =>
        value is string text ? Encoding.UTF8.GetByteCount(text) : Template.Items(value).Count();

    private static object? Index(object? value, object? key)
    {
        if (value is JsonElement { ValueKind: JsonValueKind.Array } array && key is double number)
        {
            int i = number >= 0 && number < array.GetArrayLength() ? (int)number : -1;
            return i < 0 ? null : Template.Plain(array[i]);
        }
        return Template.Member(value, Template.TextOf(key));
    }

    // %s, %v, %d, %q and %%: what a mail needs.
    private static string Format(List<object?> arguments)
    {
        string format = Template.TextOf(arguments[0]);
        var text = new StringBuilder();
        int next = 1;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            char verb = format[++i];
            string value = verb == '%' ? "%" : Template.TextOf(next < arguments.Count ? arguments[next++] : null);
            text.Append(
                verb switch
                {
                    '%' or 's' or 'v' or 'd' => value,
                    'q' => $"\"{value}\"",
                    _ => throw new TemplateException(string.Create(CultureInfo.InvariantCulture, $"printf does not know %{verb}")),
                }
            );
        }
        return text.ToString();
    }
}
