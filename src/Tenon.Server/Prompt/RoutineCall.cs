using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Server.Prompt;

/// <summary>select f(…) or select … from f(…) and nothing more: the forms in which a function that writes can be called.</summary>
internal sealed class RoutineCall
{
    private readonly Routine routine;
    private readonly Statement arguments;
    private readonly int[] columns;

    private RoutineCall(Routine routine, ImmutableArray<Expr> arguments, int[] columns)
    {
        this.routine = routine;
        this.columns = columns;
        this.arguments = new SelectStatement(
            new Select(new SelectCore([.. arguments.Select(a => new SelectItem(a, null))]))
            {
                Output = [.. arguments.Select(a => new RowField("", a.Type))],
            }
        );
    }

    /// <summary>The call a bound query is; null when it is more than one call. Refused when the principal may not execute it.</summary>
    public static RoutineCall? Find(Select select, Catalog catalog, Principal principal)
    {
        bool plain = select is { With.IsEmpty: true, OrderBy.IsEmpty: true, Limit: null, Offset: null };
        if (!plain || select.Body is not SelectCore { Where: null, GroupBy.IsEmpty: true, Having: null, Distinct: false } core)
        {
            return null;
        }
        UserCallExpr? call = core.From switch
        {
            null when core.Items is [{ Value: UserCallExpr only }] => only,
            FunctionFrom { Call: UserCallExpr from, WithOrdinality: false } => from,
            _ => null,
        };
        if (call is null || Resolve(catalog, call) is not { } routine)
        {
            return null;
        }
        if (!principal.Bypass && !routine.ExecuteRoles.Any(r => Access.Applies(r, principal.Role)))
        {
            throw new Error(ErrorCodes.InsufficientPrivilege, $"permission denied for function {routine.Name.Name}").ToException();
        }
        ImmutableArray<RowField> fields = routine.ResultColumns.IsEmpty ? routine.Result.Fields : routine.ResultColumns;
        int[]? columns = core.From is null ? (fields.IsEmpty ? [0] : null) : ColumnsOf(core.Items, fields);
        return columns is null ? null : new RoutineCall(routine, call.Arguments, columns);
    }

    /// <summary>Calls it in this write unit.</summary>
    public List<Datum[]> Run(WriteSession session, Principal principal, StatementArguments values)
    {
        Datum[] given = routine.Parameters.IsEmpty ? [] : session.Execute(arguments, principal, values)[0];
        List<Datum[]> rows = session.Call(routine, given, principal, values);
        return [.. rows.Select(row => columns.Select(c => row[c]).ToArray())];
    }

    private static int[]? ColumnsOf(ImmutableArray<SelectItem> items, ImmutableArray<RowField> fields)
    {
        var columns = new int[items.Length];
        for (int i = 0; i < columns.Length; i++)
        {
            if (items[i].Value is not ColumnExpr column)
            {
                return null;
            }
            columns[i] = fields.IsEmpty ? 0 : fields.Select(f => f.Name).ToList().IndexOf(column.Column);
            if (columns[i] < 0)
            {
                return null;
            }
        }
        return columns;
    }

    private static Routine? Resolve(Catalog catalog, UserCallExpr call) =>
        catalog.Routines.TryGetValue(call.Function, out ImmutableArray<Routine> overloads)
            ? overloads.FirstOrDefault(r => r.Parameters.Length == call.Arguments.Length && Templates.Accepts(r, call))
            : null;
}
