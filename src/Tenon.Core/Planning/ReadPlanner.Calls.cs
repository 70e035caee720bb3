using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Query;
using Tenon.Core.Types;

namespace Tenon.Core.Planning;

/// <summary>The body of POST /rpc/fn, as far as planning needs it: the names of its members, or that it is one whole value.</summary>
internal sealed record CallBody(ImmutableArray<string> Names)
{
    /// <summary>Kinds a single unnamed parameter may have to take this body whole.</summary>
    public ImmutableArray<TypeKind> WholeKinds { get; init; } = [];
}

// Calls of functions: /rpc/fn by GET (arguments in the query string) and by POST (in the body).
internal sealed partial class ReadPlanner
{
    /// <summary>body is null for GET and HEAD.</summary>
    public static Outcome<CallPlan> PlanCall(Catalog.Catalog catalog, string function, QuerySyntax query, CallBody? body, PlanOptions options)
    {
        ImmutableArray<Routine> overloads = RoutineFinder.Overloads(catalog, function, options);
        // Of a name given with a plain value and with an operator, the value is the argument and the operator filters the rows.
        bool IsPlain(string name) => query.Arguments.Any(a => a.Filter is null && a.Name == name);
        bool IsArgument(ArgumentSyntax a) =>
            a.Filter is null || overloads.Any(r => r.Parameters.Any(p => p.Name == a.Name && (p.Variadic || !IsPlain(a.Name))));
        var arguments = query.Arguments.Where(IsArgument).ToArray();
        // ?columns= says which members of the body are arguments; those that it lacks are null.
        body = body is null || query.Columns.IsDefault || body.Names.IsEmpty ? body : body with { Names = query.Columns };
        string[] names = body is null ? [.. arguments.Select(a => a.Name).Distinct()] : [.. body.Names];
        if (!RoutineFinder.Find(catalog, function, names, body?.WholeKinds ?? [], options).TryGet(out Routine routine, out Error error))
        {
            return error;
        }
        bool readOnly = IsReadOnly(routine);
        if (body is null && !readOnly)
        {
            return PlanErrors.VolatileByGet(function);
        }
        var conditions = query.Conditions.AddRange(query.Arguments.Where(a => !IsArgument(a)).Select(a => a.Filter!));
        var planner = new ReadPlanner(catalog, query, options, new Slots(query.Slots));
        return planner.PlanCall(routine, arguments, body, conditions) is var outcome && outcome.TryGet(out CallPlan plan, out error)
            ? plan with { ReadOnly = readOnly }
            : error;
    }

    // A function of plain queries changes nothing, whatever its author declared (volatile is the default).
    internal static bool IsReadOnly(Routine routine) =>
        routine.Volatility != Volatility.Volatile
        || (
            routine.Body is SqlBody sql
            && sql.Statements.All(s => s is SelectStatement { Select.With: var with } && with.All(w => w.Body is SelectStatement))
        );

    private Outcome<CallPlan> PlanCall(Routine routine, ArgumentSyntax[] given, CallBody? body, ImmutableArray<PlacedCondition> conditions)
    {
        if (Unreadable(routine) is { } refused)
        {
            return refused;
        }
        bool whole = body is not null && !routine.Parameters.All(p => p.Name.Length > 0) && RoutineFinder.TakesWhole(routine, body.WholeKinds);
        var values = ImmutableArray.CreateBuilder<Expr>(routine.Parameters.Length);
        var fromBody = ImmutableArray.CreateBuilder<BodyArgument>();
        foreach (RoutineParameter parameter in routine.Parameters)
        {
            Outcome<Expr> value =
                body is not null && (whole || body.Names.Contains(parameter.Name)) ? BodyValue(parameter, fromBody)
                : Array.FindAll(given, a => a.Name == parameter.Name) is { Length: > 0 } texts ? TextValue(parameter, texts)
                : binder.Default(parameter.Default!, parameter.Type);
            if (!value.TryGet(out Expr bound, out Error error))
            {
                return error;
            }
            values.Add(bound);
        }
        var call = new UserCallExpr(routine.Name, values.MoveToImmutable())
        {
            Type = routine.Result,
            Variadic = routine.Parameters is [.., { Variadic: true }],
        };
        if (!PlanRoot(CallNode(routine, call), conditions).TryGet(out ReadPlan read, out Error failed))
        {
            return failed;
        }
        return new CallPlan(read, routine) { BodyArguments = fromBody.DrainToImmutable(), WholeBody = whole };
    }

    private static Error? Unreadable(Routine routine) =>
        routine is { Result: { Kind: TypeKind.Record, RowOf: null, Fields.IsEmpty: true }, ResultColumns.IsEmpty: true }
            ? PlanErrors.NotSupported(
                $"the function {routine.Name.Name} that returns record without naming its columns",
                "Declare it as returns table(…)."
            )
            : null;

    private Outcome<Expr> BodyValue(RoutineParameter parameter, ImmutableArray<BodyArgument>.Builder fromBody)
    {
        int slot = slots.Add(parameter.Type, SlotKind.Scalar);
        fromBody.Add(new BodyArgument(parameter.Name, slot, parameter.Type));
        return new ParameterExpr(slot) { Type = parameter.Type };
    }

    /// <summary>One text for a plain parameter; repeated ones for a variadic one. The last of several counts, as for PostgREST.</summary>
    private Outcome<Expr> TextValue(RoutineParameter parameter, ArgumentSyntax[] texts)
    {
        if (!parameter.Variadic || (texts.Length == 1 && texts[0].Text.StartsWith('{')))
        {
            return Text(texts[^1], parameter.Type);
        }
        LogicalType element = parameter.Type.Element!;
        var items = ImmutableArray.CreateBuilder<Expr>(texts.Length);
        foreach (ArgumentSyntax text in texts)
        {
            if (!Text(text, element).TryGet(out Expr item, out Error error))
            {
                return error;
            }
            items.Add(item);
        }
        return new ArrayExpr(items.MoveToImmutable()) { Type = parameter.Type };
    }

    private Outcome<Expr> Text(ArgumentSyntax argument, LogicalType type)
    {
        if (argument.Slot >= 0)
        {
            slots.Use(argument.Slot, type, SlotKind.Scalar);
            return new ParameterExpr(argument.Slot) { Type = type };
        }
        // Its text looks like a filter, so only part of it is in a slot: it becomes a literal and the plan serves once.
        slots.IsSingleUse = true;
        return binder.Literal(argument.Text, type);
    }

    private NodeDraft CallNode(Routine routine, UserCallExpr call)
    {
        Table? relation = routine.Result.RowOf is { } rowOf ? catalog.Find(rowOf) : null;
        ImmutableArray<RowField> columns =
            !routine.ResultColumns.IsEmpty ? routine.ResultColumns
            : relation is not null ? [.. relation.Columns.Select(c => new RowField(c.Name, c.Type))]
            : routine.Result.Fields;
        // One out parameter is a value in SQL and an object on the wire.
        columns = columns.IsEmpty && routine.ResultName is not null ? [routine.ValueField] : columns;
        bool scalar = columns.IsEmpty;
        columns = scalar ? [new RowField(routine.Name.Name, routine.Result)] : columns;
        string name = relation?.Name.Name ?? routine.Name.Name;
        return new NodeDraft(NextRange(), new RoutineSource(call, routine.ReturnsSet, scalar), name, columns)
        {
            Relation = relation,
            Items = scalar ? [new StarSyntax()] : query.Select,
        };
    }
}
