using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Tenon.Server.Auth.Mail.Templates;

/// <summary>
/// Runs a parsed template over a mail's variables. Values are text, numbers, booleans, null, JSON and dictionaries. Output
/// and repetition are bounded, for a user's own metadata decides how often a range runs.
/// </summary>
internal sealed class Template
{
    private const int LargestOutput = 256 * 1024;
    private const int MostRepetitions = 1000;

    private readonly ImmutableArray<TemplateNode> nodes;

    private Template(ImmutableArray<TemplateNode> nodes) => this.nodes = nodes;

    public static Template Html(string source) => new(TemplateParser.Parse(source, isHtml: true));

    public static Template Plain(string source) => new(TemplateParser.Parse(source, isHtml: false));

    public string Render(IReadOnlyDictionary<string, object?> variables)
    {
        var run = new Run();
        run.Variables["$"] = variables;
        run.Blocks(nodes, variables);
        return run.Output.ToString();
    }

    private sealed class Run
    {
        public readonly StringBuilder Output = new();
        public readonly Dictionary<string, object?> Variables = new(StringComparer.Ordinal);
        private int repetitions;

        public void Blocks(ImmutableArray<TemplateNode> nodes, object? dot)
        {
            foreach (TemplateNode node in nodes)
            {
                One(node, dot);
                if (Output.Length > LargestOutput)
                {
                    throw new TemplateException("the message is too large");
                }
            }
        }

        private void One(TemplateNode node, object? dot)
        {
            switch (node)
            {
                case TemplateNode.Text text:
                    Output.Append(text.Value);
                    break;
                case TemplateNode.Output output:
                    Output.Append(Escape(TextOf(Value(output.Value, dot)), output.Context));
                    break;
                case TemplateNode.Assign assign:
                    Variables[assign.Name] = Value(assign.Value, dot);
                    break;
                case TemplateNode.If choice:
                    Blocks(IsTrue(Value(choice.Condition, dot)) ? choice.Then : choice.Else, dot);
                    break;
                case TemplateNode.With with:
                    object? value = Value(with.Value, dot);
                    if (with.Name is not null)
                    {
                        Variables[with.Name] = value;
                    }
                    Blocks(IsTrue(value) ? with.Then : with.Else, IsTrue(value) ? value : dot);
                    break;
                case TemplateNode.Range range:
                    Each(range, dot);
                    break;
            }
        }

        private void Each(TemplateNode.Range range, object? dot)
        {
            int done = 0;
            foreach ((object? key, object? item) in Items(Value(range.Items, dot)))
            {
                if (++repetitions > MostRepetitions)
                {
                    throw new TemplateException("a range runs too often");
                }
                if (range.Key is not null)
                {
                    Variables[range.Key] = key;
                }
                if (range.Item is not null)
                {
                    Variables[range.Item] = item;
                }
                Blocks(range.Body, item);
                done++;
            }
            if (done == 0)
            {
                Blocks(range.Else, dot);
            }
        }

        private object? Value(Pipeline pipeline, object? dot)
        {
            object? value = null;
            for (int i = 0; i < pipeline.Commands.Length; i++)
            {
                Command command = pipeline.Commands[i];
                var arguments = command.Arguments.Select(operand => ValueOf(operand, dot)).ToList();
                if (i > 0)
                {
                    arguments.Add(value);
                }
                value = command.Function is { } name ? TemplateFunctions.Call(name, arguments) : arguments[0];
            }
            return value;
        }

        private object? ValueOf(Operand operand, object? dot) =>
            operand switch
            {
                Operand.Constant constant => constant.Value,
                Operand.Path { Variable: { } name } path => Follow(Variables.GetValueOrDefault(name), path.Fields),
                Operand.Path path => Follow(dot, path.Fields),
                Operand.Nested nested => Follow(Value(nested.Value, dot), nested.Fields),
                _ => null,
            };

        private static object? Follow(object? value, ImmutableArray<string> fields) => fields.Aggregate(value, Member);
    }

    internal static object? Member(object? value, string name) =>
        value switch
        {
            IReadOnlyDictionary<string, object?> map => map.GetValueOrDefault(name),
            JsonElement { ValueKind: JsonValueKind.Object } json => json.TryGetProperty(name, out JsonElement member) ? Plain(member) : null,
            _ => null,
        };

    /// <summary>JSON scalars as .NET values; objects and arrays stay what they are.</summary>
    internal static object? Plain(JsonElement json) =>
        json.ValueKind switch
        {
            JsonValueKind.String => json.GetString(),
            JsonValueKind.Number => json.GetDouble(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Object or JsonValueKind.Array => json,
            _ => null,
        };

    internal static IEnumerable<(object? Key, object? Item)> Items(object? value) =>
        value switch
        {
            JsonElement { ValueKind: JsonValueKind.Array } array => array.EnumerateArray().Select((item, i) => ((object?)(double)i, Plain(item))),
            JsonElement { ValueKind: JsonValueKind.Object } map => map.EnumerateObject()
                .OrderBy(member => member.Name, StringComparer.Ordinal)
                .Select(member => ((object?)member.Name, Plain(member.Value))),
            _ => [],
        };

    internal static bool IsTrue(object? value) =>
        value switch
        {
            null => false,
            bool flag => flag,
            string text => text.Length > 0,
            double number => number != 0,
            JsonElement json => Items(json).Any(),
            ICollection collection => collection.Count > 0,
            _ => true,
        };

    internal static string TextOf(object? value) =>
        value switch
        {
            null => "",
            bool flag => flag ? "true" : "false",
            double number => number.ToString("R", CultureInfo.InvariantCulture),
            JsonElement json => json.GetRawText(),
            IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString() ?? "",
        };

    private static string Escape(string text, OutputContext context) =>
        context switch
        {
            OutputContext.Plain => text,
            OutputContext.UrlStart when !IsSafeUrl(text) => "#",
            _ => WebUtility.HtmlEncode(text),
        };

    // What leads somewhere may; what runs may not. An address without a scheme is relative.
    private static bool IsSafeUrl(string text)
    {
        string trimmed = new([.. text.Where(c => c > ' ')]);
        int colon = trimmed.IndexOf(':');
        int slash = trimmed.AsSpan().IndexOfAny('/', '?', '#');
        return colon < 0
            || (slash >= 0 && slash < colon)
            || trimmed[..colon].ToLowerInvariant() is "http" or "https" or "mailto" or "tel";
    }
}
