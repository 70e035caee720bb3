using System.Text;
using Tenon.Core.Sql;
using Tenon.Sources;

namespace Tenon.Server.Rest;

internal enum JsonOpKind : byte
{
    /// <summary>Only the static text.</summary>
    Text,

    /// <summary>The static text, then column <see cref="JsonOp.Column"/>.</summary>
    Value,

    /// <summary>The static text, then null and a jump to <see cref="JsonOp.Target"/> when the column is null.</summary>
    ObjectOrNull,

    /// <summary>The static text, then the rows of child <see cref="JsonOp.Target"/>.</summary>
    Children,

    /// <summary>The static text, then the rows that column <see cref="JsonOp.Column"/> holds.</summary>
    Nested,

    /// <summary>The static text, then member <see cref="JsonOp.Column"/> of the rows of child <see cref="JsonOp.Target"/>.</summary>
    Spread,
}

/// <summary>One step of writing a row: static bytes (names, punctuation) and what follows them.</summary>
internal readonly record struct JsonOp(JsonOpKind Kind, byte[] Before, int Column, ValueForm Form, int Scale, int Target)
{
    /// <summary>How nested rows become JSON.</summary>
    public JsonProgram? Rows { get; init; }
}

/// <summary>How the rows of one unit become JSON: a straight list of steps, made once per plan.</summary>
internal sealed class JsonProgram
{
    private readonly List<JsonOp> ops = [];
    private readonly StringBuilder pending = new();
    private readonly CompiledUnit unit;
    private readonly List<int> memberStarts = [];

    private readonly bool inline;

    private JsonProgram(CompiledUnit unit, bool inline) => (this.unit, this.inline) = (unit, inline);

    public JsonOp[] Ops { get; private set; } = [];

    /// <summary>For a spread child: the op each member starts at (ops hold no braces then).</summary>
    public int[] MemberStarts { get; private set; } = [];

    public bool HasHoles { get; private set; }
    public JsonProgram[] Children { get; private init; } = [];
    public CompiledUnit Unit => unit;

    private UnitRows? spare;

    /// <summary>The lists of a unit's rows, kept from one request to the next; one of each program, whoever comes first.</summary>
    public UnitRows? TakeSpare() => Interlocked.Exchange(ref spare, null);

    public void KeepSpare(UnitRows rows) => Volatile.Write(ref spare, rows);

    /// <summary>What the root runs: its unit's statement, or the one that answers the children within its rows.</summary>
    public required CompiledStatement Statement { get; init; }

    /// <summary>The same rows from a statement that answers the children of each row within it.</summary>
    public static JsonProgram Inline(CompiledUnit unit, CompiledStatement statement) => Of(unit, statement, spread: false, inline: true);

    public static JsonProgram Of(CompiledUnit unit) => Of(unit, unit.Statement, spread: false, inline: false);

    private static JsonProgram Of(CompiledUnit unit, CompiledStatement statement, bool spread, bool inline)
    {
        var spreads = Spreads(unit.Shape.Members).ToHashSet();
        var program = new JsonProgram(unit, inline)
        {
            Statement = statement,
            Children = [.. unit.Children.Select((c, i) => Of(c.Unit, c.Unit.Statement, spreads.Contains(i), inline))],
        };
        if (spread)
        {
            program.AddSeparateMembers();
        }
        else if (unit.Shape.BareValue)
        {
            program.AddValue((ValueShape)unit.Shape.Members[0]);
        }
        else
        {
            program.AddObject(unit.Shape.Members);
        }
        program.Flush();
        program.Ops = [.. program.ops];
        program.MemberStarts = [.. program.memberStarts];
        program.HasHoles = program.Ops.Any(o => o.Kind is JsonOpKind.Children or JsonOpKind.Spread);
        return program;
    }

    private static IEnumerable<int> Spreads(IEnumerable<Shape> shapes) =>
        shapes.SelectMany(s => s switch { SpreadManyShape m => [m.Child], ObjectShape o => Spreads(o.Members), _ => [] });

    private void AddSeparateMembers()
    {
        foreach (Shape member in unit.Shape.Members)
        {
            memberStarts.Add(ops.Count);
            AddContent(member);
            Flush();
        }
    }

    private void AddObject(IEnumerable<Shape> members)
    {
        pending.Append('{');
        bool first = true;
        foreach (Shape member in members)
        {
            pending.Append(first ? "" : ",").Append(JsonNames.Quote(member.Name)).Append(':');
            first = false;
            AddContent(member);
        }
        pending.Append('}');
    }

    private void AddContent(Shape member)
    {
        switch (member)
        {
            case ValueShape value:
                AddValue(value);
                break;
            case ObjectShape inner:
                int at = ops.Count;
                Add(JsonOpKind.ObjectOrNull, inner.Presence);
                AddObject(inner.Members);
                Flush();
                ops[at] = ops[at] with { Target = ops.Count };
                break;
            case ManyShape many when inline:
                // Behind the unit's own columns.
                ops.Add(new JsonOp(JsonOpKind.Nested, TakePending(), unit.Statement.Columns.Length + many.Child, default, 0, 0) { Rows = Children[many.Child] });
                break;
            case ManyShape many:
                Add(JsonOpKind.Children, 0, many.Child);
                break;
            case SpreadManyShape spread:
                Add(JsonOpKind.Spread, spread.Member, spread.Child);
                break;
        }
    }

    private void AddValue(ValueShape value)
    {
        ops.Add(
            new JsonOp(JsonOpKind.Value, TakePending(), value.Column, unit.Statement.Forms[value.Column], value.Type.Scale ?? 0, 0)
        );
    }

    private void Add(JsonOpKind kind, int column, int target = 0) =>
        ops.Add(new JsonOp(kind, TakePending(), column, default, 0, target));

    private void Flush()
    {
        if (pending.Length > 0)
        {
            ops.Add(new JsonOp(JsonOpKind.Text, TakePending(), 0, default, 0, 0));
        }
    }

    private byte[] TakePending()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(pending.ToString());
        pending.Clear();
        return bytes;
    }
}
