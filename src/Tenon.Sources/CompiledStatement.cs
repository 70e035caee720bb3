using Tenon.Core.Expressions;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources;

/// <summary>A statement ready for one source: its text in the source's own form, its parameters, its result types.</summary>
internal abstract class CompiledStatement(SqlText sql, LogicalType[] columns, ValueForm[] forms)
{
    public string Text { get; } = sql.Text;
    public SqlParameter[] Parameters { get; } = sql.Parameters;

    /// <summary>Types of the result columns, in order.</summary>
    public LogicalType[] Columns { get; } = columns;
    public ValueForm[] Forms { get; } = forms;
}

/// <summary>The values of one execution: slots of the request, its context, keys of a bind join, variables of a function.</summary>
internal sealed class StatementArguments
{
    public Datum[] Slots { get; init; } = [];
    public required RequestContext Context { get; init; }

    /// <summary>A JSON array of the parents' keys, for child units.</summary>
    public ReadOnlyMemory<byte> ParentKeys { get; set; }

    public IReadOnlyDictionary<string, Datum>? Variables { get; init; }

    /// <summary>Of a request's own execution; statements inside it have none.</summary>
    public UnitFrame Frame { get; init; } = UnitFrame.Plain;

    public Datum Get(Expr origin) =>
        origin switch
        {
            ParameterExpr parameter => Slots[parameter.Slot],
            ContextExpr context => Context.Get(context),
            VariableExpr variable => Variable(variable),
            _ => throw new InvalidOperationException($"{origin.GetType().Name} is not a parameter"),
        };

    private Datum Variable(VariableExpr variable)
    {
        if (Variables is not null && Variables.TryGetValue(variable.Name, out Datum value))
        {
            return value;
        }
        if (variable.Type.Kind != TypeKind.Record)
        {
            return Datum.Null;
        }
        // A row variable as a whole: a JSON object of its fields.
        var json = new System.Text.StringBuilder("{");
        foreach (RowField field in variable.Type.Fields)
        {
            json.Append(json.Length > 1 ? ", " : "").Append('"').Append(field.Name).Append("\": ");
            TypeOutput.AppendJson(field.Type, Variable(new VariableExpr($"{variable.Name}.{field.Name}") { Type = field.Type }), json);
        }
        return Datum.Of(json.Append('}').ToString());
    }
}
