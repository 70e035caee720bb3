using System.Collections.Immutable;
using System.Globalization;

namespace Tenon.Server.Auth.Mail.Templates;

/// <summary>
/// Templates in the syntax GoTrue's users have: {{ .Name }}, if, else, with, range, variables, pipes and the built-in
/// functions. What is not understood is refused with its line when the template is loaded, never when a mail is due.
/// </summary>
internal sealed class TemplateParser
{
    private static readonly HashSet<string> Functions =
    [
        "and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "len", "index", "print", "printf", "html", "urlquery",
    ];

    private const int Deepest = 16;
    private readonly string source;
    private readonly HtmlContext? html;
    private int position;
    private int line = 1;
    private int depth;
    private List<TemplateToken> tokens = [];
    private int at;

    private TemplateParser(string source, bool isHtml) => (this.source, html) = (source, isHtml ? new HtmlContext() : null);

    public static ImmutableArray<TemplateNode> Parse(string source, bool isHtml)
    {
        var parser = new TemplateParser(source, isHtml);
        (ImmutableArray<TemplateNode> nodes, string? end) = parser.Block();
        return end is null ? nodes : throw parser.Wrong($"{{{{ {end} }}}} closes nothing");
    }

    /// <summary>Nodes up to {{ end }}, {{ else … }} or the end of the text; which of them it was.</summary>
    private (ImmutableArray<TemplateNode> Nodes, string? End) Block()
    {
        if (++depth > Deepest)
        {
            throw Wrong("blocks are nested too deeply");
        }
        var nodes = ImmutableArray.CreateBuilder<TemplateNode>();
        while (NextAction(nodes) is { } action)
        {
            tokens = TemplateLexer.Read(action, line);
            at = 0;
            if (tokens[0] is { Kind: TokenKind.Word, Text: "end" or "else" } end)
            {
                at++;
                depth--;
                return (nodes.ToImmutable(), end.Text);
            }
            if (tokens[0].Kind != TokenKind.End)
            {
                nodes.Add(Action());
            }
        }
        depth--;
        return (nodes.ToImmutable(), null);
    }

    /// <summary>Adds the text before the next action and gives the action's inside; null at the end.</summary>
    private string? NextAction(ImmutableArray<TemplateNode>.Builder nodes)
    {
        int open = source.IndexOf("{{", position, StringComparison.Ordinal);
        string text = open < 0 ? source[position..] : source[position..open];
        int close = open < 0 ? -1 : source.IndexOf("}}", open, StringComparison.Ordinal);
        if (open >= 0 && close < 0)
        {
            throw Wrong("{{ is not closed");
        }
        string action = open < 0 ? "" : source[(open + 2)..close];
        bool trimBefore = action.StartsWith("- ", StringComparison.Ordinal);
        bool trimAfter = action.EndsWith(" -", StringComparison.Ordinal);
        string kept = trimBefore ? text.TrimEnd() : text;
        line += text.Count(c => c == '\n') + action.Count(c => c == '\n');
        if (kept.Length > 0)
        {
            html?.Read(kept);
            nodes.Add(new TemplateNode.Text(kept));
        }
        if (open < 0)
        {
            position = source.Length;
            return null;
        }
        position = close + 2;
        while (trimAfter && position < source.Length && char.IsWhiteSpace(source[position]))
        {
            line += source[position++] == '\n' ? 1 : 0;
        }
        action = action[(trimBefore ? 1 : 0)..^(trimAfter ? 1 : 0)].Trim();
        return action.StartsWith("/*", StringComparison.Ordinal) && action.EndsWith("*/", StringComparison.Ordinal) ? "" : action;
    }

    private TemplateNode Action()
    {
        if (Take(TokenKind.Word, "if"))
        {
            return If();
        }
        if (Take(TokenKind.Word, "with"))
        {
            string? name = Declaration();
            Pipeline value = Whole();
            (ImmutableArray<TemplateNode> then, ImmutableArray<TemplateNode> otherwise) = Branches();
            return new TemplateNode.With(value, name, then, otherwise);
        }
        if (Take(TokenKind.Word, "range"))
        {
            return Range();
        }
        if (Peek is { Kind: TokenKind.Word, Text: "define" or "template" or "block" or "break" or "continue" } word)
        {
            throw Wrong($"{{{{ {word.Text} }}}} is not supported");
        }
        if (Peek.Kind == TokenKind.Variable && tokens[at + 1] is { Kind: TokenKind.Sign, Text: ":=" or "=" } sign)
        {
            string name = Peek.Text;
            at += 2;
            return new TemplateNode.Assign(name, Whole(), sign.Text == ":=");
        }
        Pipeline output = Whole();
        return new TemplateNode.Output(output, html is null ? OutputContext.Plain : html.ForValue(line));
    }

    private TemplateNode.If If()
    {
        Pipeline condition = Whole();
        (ImmutableArray<TemplateNode> then, ImmutableArray<TemplateNode> otherwise) = Branches();
        return new TemplateNode.If(condition, then, otherwise);
    }

    private TemplateNode.Range Range()
    {
        string? key = null;
        string? item = null;
        if (Peek.Kind == TokenKind.Variable && tokens[at + 1] is { Kind: TokenKind.Sign, Text: "," })
        {
            key = Peek.Text;
            at += 2;
        }
        item = Declaration();
        Pipeline items = Whole();
        (ImmutableArray<TemplateNode> body, ImmutableArray<TemplateNode> otherwise) = Branches();
        return new TemplateNode.Range(items, key, item, body, otherwise);
    }

    private (ImmutableArray<TemplateNode> Then, ImmutableArray<TemplateNode> Else) Branches()
    {
        (ImmutableArray<TemplateNode> then, string? end) = Block();
        if (end == "end")
        {
            return (then, []);
        }
        if (end is null)
        {
            throw Wrong("a block is not closed with {{ end }}");
        }
        if (Take(TokenKind.Word, "if"))
        {
            return (then, [If()]);
        }
        (ImmutableArray<TemplateNode> otherwise, string? last) = Block();
        return last == "end" ? (then, otherwise) : throw Wrong("{{ else }} is not closed with {{ end }}");
    }

    private string? Declaration()
    {
        if (Peek.Kind != TokenKind.Variable || tokens[at + 1] is not { Kind: TokenKind.Sign, Text: ":=" })
        {
            return null;
        }
        string name = Peek.Text;
        at += 2;
        return name;
    }

    private Pipeline Whole()
    {
        Pipeline pipeline = ReadPipeline();
        return Peek.Kind == TokenKind.End ? pipeline : throw Wrong($"\"{Peek.Text}\" is not expected");
    }

    private Pipeline ReadPipeline()
    {
        var commands = ImmutableArray.CreateBuilder<Command>();
        do
        {
            commands.Add(ReadCommand(commands.Count > 0));
        } while (Take(TokenKind.Sign, "|"));
        return new Pipeline(commands.ToImmutable());
    }

    private Command ReadCommand(bool piped)
    {
        string? function = null;
        if (Peek.Kind == TokenKind.Word && Peek.Text is not ("true" or "false" or "nil"))
        {
            function = Peek.Text;
            at++;
            if (!Functions.Contains(function))
            {
                throw Wrong($"there is no function \"{function}\"");
            }
        }
        var arguments = ImmutableArray.CreateBuilder<Operand>();
        while (ReadOperand() is { } operand)
        {
            arguments.Add(operand);
        }
        return function is null && (arguments.Count != 1 || piped) ? throw Wrong("a value is missing, or a function")
            : function is not null && arguments.Count == 0 && !piped ? throw Wrong($"\"{function}\" needs arguments")
            : new Command(function, arguments.ToImmutable());
    }

    private Operand? ReadOperand()
    {
        TemplateToken token = Peek;
        switch (token.Kind)
        {
            case TokenKind.Text:
                at++;
                return new Operand.Constant(token.Text);
            case TokenKind.Number:
                at++;
                return double.TryParse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
                    ? new Operand.Constant(number)
                    : throw Wrong($"\"{token.Text}\" is not a number");
            case TokenKind.Word when token.Text is "true" or "false":
                at++;
                return new Operand.Constant(token.Text == "true");
            case TokenKind.Word when token.Text == "nil":
                at++;
                return new Operand.Constant(null);
            case TokenKind.Field:
                at++;
                return new Operand.Path(null, [.. token.Text.Split('.')]);
            case TokenKind.Variable:
                at++;
                return new Operand.Path(token.Text, Fields());
            case TokenKind.Sign when token.Text == ".":
                at++;
                return new Operand.Path(null, []);
            case TokenKind.Sign when token.Text == "(":
                at++;
                Pipeline inner = ReadPipeline();
                return Take(TokenKind.Sign, ")") ? new Operand.Nested(inner, Fields()) : throw Wrong("\")\" is missing");
            default:
                return null;
        }
    }

    /// <summary>The fields written right behind an operand.</summary>
    private ImmutableArray<string> Fields() => Peek.Kind == TokenKind.Attached ? [.. tokens[at++].Text.Split('.')] : [];

    private TemplateToken Peek => tokens[at];

    private bool Take(TokenKind kind, string text)
    {
        bool found = Peek.Kind == kind && Peek.Text == text;
        at += found ? 1 : 0;
        return found;
    }

    private TemplateException Wrong(string what) => new(string.Create(CultureInfo.InvariantCulture, $"line {line}: {what}"));
}
