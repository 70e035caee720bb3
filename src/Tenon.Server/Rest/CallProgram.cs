using System.Buffers;
using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Planning;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;
using Tenon.Sources;

namespace Tenon.Server.Rest;

/// <summary>
/// A call that no query can hold: a function that writes, or one of several statements. It runs as one write unit; columns
/// of its result may be chosen and its rows paged, more is not offered.
/// </summary>
internal sealed class CallProgram
{
    private readonly Routine routine;
    private readonly ImmutableArray<Expr> arguments;
    private readonly int[] columns;
    private readonly Principal principal;
    private readonly Source source;

    private CallProgram(Routine routine, ImmutableArray<Expr> arguments, RowShape shape, int[] columns, Principal principal, Source source)
    {
        this.routine = routine;
        this.arguments = arguments;
        this.columns = columns;
        this.principal = principal;
        this.source = source;
        Shape = shape;
    }

    public RowShape Shape { get; }

    /// <summary>A function of one select is inlined into a query; every other one runs by itself.</summary>
    public static bool IsNeededFor(Routine routine) =>
        routine.Body is not SqlBody { Statements: [SelectStatement { Select.With: var with }] } || with.Any(w => w.Body is not SelectStatement);

    public static Outcome<CallProgram> Compile(CallPlan plan, Principal principal, Source source)
    {
        Routine routine = plan.Routine;
        if (!principal.Bypass && !routine.ExecuteRoles.Any(r => r == principal.Role || r == RoleName.Public))
        {
            return new Error(ErrorCodes.InsufficientPrivilege, $"permission denied for function {routine.Name.Name}");
        }
        ReadNode root = plan.Read.Root;
        if (root.Filter is not null || !root.Order.IsEmpty || root.Grouped)
        {
            return Refusal(routine, "Filters, orders and aggregates");
        }
        ImmutableArray<RowField> fields = FieldsOf(routine);
        var members = ImmutableArray.CreateBuilder<Shape>();
        var columns = new List<int>();
        foreach (OutputMember member in root.Members)
        {
            if (member is not ValueMember { Value: ColumnExpr column } value)
            {
                return Refusal(routine, "Embeds, paths and casts");
            }
            columns.Add(fields.IsEmpty ? 0 : IndexOf(fields, column.Column));
            members.Add(new ValueShape(value.Name, columns.Count - 1, column.Type));
        }
        var call = (RoutineSource)root.Source;
        var shape = new RowShape(members.DrainToImmutable(), call.Scalar);
        return new CallProgram(routine, call.Call.Arguments, shape, [.. columns], principal, source);
    }

    /// <summary>A record that is null is a row of nulls, and so is none where no set is returned.</summary>
    private List<Datum[]> Rows(List<Datum[]> called)
    {
        int width = FieldsOf(routine).Length;
        if (called.Count == 0 && !routine.ReturnsSet && width > 0)
        {
            return [new Datum[width]];
        }
        return called.Exists(r => r.Length < width) ? called.ConvertAll(r => r.Length < width ? new Datum[width] : r) : called;
    }

    private static ImmutableArray<RowField> FieldsOf(Routine routine) =>
        routine.ResultColumns.IsEmpty ? routine.Result.Fields : routine.ResultColumns;

    private static int IndexOf(ImmutableArray<RowField> fields, string name)
    {
        for (int i = 0; i < fields.Length; i++)
        {
            if (fields[i].Name == name)
            {
                return i;
            }
        }
        throw new InvalidOperationException($"the planner let through a column {name} that the function does not return");
    }

    private static Error Refusal(Routine routine, string what) =>
        PlanErrors.NotSupported(
            $"{what} on the result of {routine.Name.Name}, which is not one plain query,",
            "Call it without them, then read the table."
        );

    /// <summary>No statement calls it, so its plan is the call.</summary>
    public string Explain(ExplainOptions options) => source.PlanOf(routine, options);

    /// <summary>
    /// Runs the function; at most the rows of the page are written, Total is how many it returned. What demand says of their
    /// number takes everything back.
    /// </summary>
    public async ValueTask<CallResult> RunAsync(
        StatementArguments values,
        Paging page,
        Func<long, Error?> demand,
        CancellationToken cancellation
    )
    {
        var given = new Datum[arguments.Length];
        for (int i = 0; i < given.Length; i++)
        {
            given[i] = Value(arguments[i], values);
        }
        (List<Datum[]> rows, int statements) = await values
            .Frame.WriteAsync(
                source,
                session =>
                {
                    values.Context.Made?.Clear();
                    values.Frame.Enter(session, values);
                    List<Datum[]> called = Rows(session.Call(routine, given, principal, values));
                    if (demand(called.Count) is { } refused)
                    {
                        throw refused.ToException();
                    }
                    AnswerSettings.Of(values.Context.Made);
                    return (called, session.Statements);
                },
                new SessionNeeds(false, values.Context),
                cancellation
            )
            .ConfigureAwait(false);
        return Write(rows, page, values.Context.Zone) with { Statements = statements };
    }

    /// <summary>Arguments are slots, constants, what the request knows, and arrays of those.</summary>
    private Datum Value(Expr argument, StatementArguments values) =>
        argument switch
        {
            ConstantExpr constant => constant.Value,
            ParameterExpr or ContextExpr => values.Get(argument),
            ArrayExpr array => ArrayValue.Of(array.Type.Element!, [.. array.Items.Select(i => Value(i, values))]).ToDatum(),
            ConvertExpr { Operand: var operand } when operand.Type.Unmodified.Equals(argument.Type.Unmodified) => Value(operand, values),
            _ => throw PlanErrors
                .NotSupported($"a computed default of a parameter of {routine.Name.Name}", "Give the argument in the call.")
                .ToException(),
        };

    private CallResult Write(List<Datum[]> rows, Paging page, Zone? zone)
    {
        var output = new ArrayBufferWriter<byte>(256);
        long written = 0;
        for (long i = page.Offset; i < rows.Count && written < page.Limit; i++, written++)
        {
            output.Write(written > 0 ? ","u8 : default);
            WriteRow(rows[(int)i], zone, output);
        }
        return new CallResult(output.WrittenMemory, written, rows.Count);
    }

    private void WriteRow(Datum[] row, Zone? zone, ArrayBufferWriter<byte> output)
    {
        if (Shape.BareValue)
        {
            TypeOutput.WriteJson(((ValueShape)Shape.Members[0]).Type, row[0], zone, output);
            return;
        }
        output.Write("{"u8);
        for (int i = 0; i < columns.Length; i++)
        {
            var member = (ValueShape)Shape.Members[i];
            output.Write(i > 0 ? ","u8 : default);
            TypeOutput.WriteJson(LogicalType.Text, Datum.Of(member.Name), output);
            output.Write(":"u8);
            TypeOutput.WriteJson(member.Type, row[columns[i]], zone, output);
        }
        output.Write("}"u8);
    }
}

/// <summary>The rows of a call as JSON separated by commas, how many they are, and how many there were.</summary>
internal readonly record struct CallResult(ReadOnlyMemory<byte> Body, long Rows, long Total)
{
    public int Statements { get; init; }
}
