using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Types;

namespace Tenon.Core.Schema;

// Functions and triggers.
internal sealed partial class SchemaBuilder
{
    private void ApplyCreateFunction(CreateFunction create)
    {
        QualifiedName name = InSchema(create.Name);
        ImmutableArray<RoutineParameter> parameters =
        [
            .. create
                .Parameters.Where(p => !p.Out)
                .Select(p => new RoutineParameter(p.Name, Require(TypeNames.TryResolve(p.Type, catalog)), p.Default, p.Variadic)),
        ];
        RequireParameterNames(create);
        (LogicalType result, ImmutableArray<RowField> columns) = ResultOf(create);
        var routine = new Routine(name, parameters, result)
        {
            ReturnsSet = create.ReturnsSet,
            ResultColumns = columns,
            ResultName = columns.IsEmpty && create.Parameters.Where(q => q.Out).ToArray() is [{ Name: { Length: > 0 } only }] ? only : null,
            Language = create.Language,
            Volatility = create.Volatility,
            SecurityDefiner = create.SecurityDefiner,
            Strict = create.Strict,
            OneRow = create.OneRow && create.ReturnsSet,
            Body = create.Body,
            Text = create.Text,
        };
        if (Same(routine) is { } old)
        {
            if (!create.OrReplace)
            {
                throw SchemaFailure.Of(ErrorCodes.DuplicateFunction, $"function \"{name.Name}\" already exists with same argument types", here);
            }
            if (!old.Result.Equals(result) || old.ReturnsSet != routine.ReturnsSet)
            {
                string signature = string.Join(", ", parameters.Select(p => p.Type.SqlName));
                throw SchemaFailure.Of(
                    ErrorCodes.InvalidFunctionDefinition,
                    "cannot change return type of existing function",
                    here,
                    $"Use DROP FUNCTION {name.Name}({signature}) first."
                );
            }
            routine = routine with { ExecuteRoles = old.ExecuteRoles, Comment = old.Comment };
        }
        RequireDefaults(parameters);
        catalog = catalog.With(routine);
        // As in PostgreSQL: a body in language sql is checked when it is made, one in plpgsql when it first runs.
        if (create.Language == "sql")
        {
            Require(new TypeChecker(catalog).CheckRoutine(new RoutineSource(routine.Shape, routine.Body)));
        }
    }

    private void RequireDefaults(ImmutableArray<RoutineParameter> parameters)
    {
        foreach (RoutineParameter parameter in parameters.Where(p => p.Default is not null))
        {
            Require(new TypeChecker(catalog).CheckExpression(parameter.Default!, ScopeOfRanges.Empty, parameter.Type, ExpressionUse.Default));
        }
    }

    private Routine? Same(Routine routine) =>
        catalog.Routines.TryGetValue(routine.Name, out ImmutableArray<Routine> known)
            ? known.FirstOrDefault(r =>
                r.Parameters.Length == routine.Parameters.Length
                && r.Parameters.Zip(routine.Parameters).All(p => p.First.Type.Unmodified.Equals(p.Second.Type.Unmodified))
            )
            : null;

    private void RequireParameterNames(CreateFunction create)
    {
        string? twice = create
            .Parameters.Concat(create.ReturnsTable)
            .Select(p => p.Name)
            .Where(n => n.Length > 0)
            .GroupBy(n => n)
            .FirstOrDefault(g => g.Count() > 1)
            ?.Key;
        if (twice is not null)
        {
            throw SchemaFailure.Of(ErrorCodes.InvalidFunctionDefinition, $"parameter name \"{twice}\" used more than once", here);
        }
    }

    private (LogicalType, ImmutableArray<RowField>) ResultOf(CreateFunction create)
    {
        IEnumerable<ParameterDefinition> outs = create.ReturnsTable.IsEmpty ? create.Parameters.Where(p => p.Out) : create.ReturnsTable;
        ImmutableArray<RowField> fields =
        [
            .. outs.Select((p, i) => new RowField(p.Name.Length > 0 ? p.Name : $"column{i + 1}", Require(TypeNames.TryResolve(p.Type, catalog)))),
        ];
        if (fields.Length == 1)
        {
            // One column is a plain value to PostgreSQL, whatever its name; returns table keeps the name.
            return (fields[0].Type, create.ReturnsTable.IsEmpty ? [] : fields);
        }
        if (fields.Length > 1)
        {
            return (LogicalType.RecordOf(fields), fields);
        }
        return (create.Returns is { } type ? Require(TypeNames.TryResolve(type, catalog)) : LogicalType.Void, []);
    }

    /// <summary>Functions of a table's row type carry its columns: they get the new ones.</summary>
    private void RefreshRowTypes(Table table)
    {
        LogicalType row = LogicalType.RowOfTable(table.Name, table.Shape.Columns);
        LogicalType Fresh(LogicalType t) => t.Kind == TypeKind.Record && t.RowOf == table.Name ? row : t;
        foreach (Routine routine in catalog.Routines.Values.SelectMany(r => r))
        {
            bool uses = routine.Result.RowOf == table.Name || routine.Parameters.Any(p => p.Type.RowOf == table.Name);
            if (uses)
            {
                catalog = catalog.With(
                    routine with { Result = Fresh(routine.Result), Parameters = [.. routine.Parameters.Select(p => p with { Type = Fresh(p.Type) })] }
                );
            }
        }
    }

    private void ApplyCreateTrigger(CreateTrigger create)
    {
        Table table = BaseTableOf(create.Table);
        Trigger trigger = create.Trigger;
        if (trigger is { Function: { Name: "moddatetime", Schema: "" or "extensions" or "public" }, Arguments: [var stamped] })
        {
            trigger = trigger with { Function = Moddatetime(table, stamped), Arguments = [] };
        }
        Routine? function = catalog.ResolveRoutines(trigger.Function.Schema, trigger.Function.Name).FirstOrDefault(r => r.Parameters.IsEmpty);
        if (function is null)
        {
            throw SchemaFailure.Of(ErrorCodes.UndefinedFunction, $"function {Written(trigger.Function)}() does not exist", here);
        }
        if (function.Result.Kind != TypeKind.Trigger)
        {
            throw SchemaFailure.Of(ErrorCodes.InvalidObjectDefinition, $"function {function.Name.Name} must return type trigger", here);
        }
        foreach (string column in trigger.UpdateOf)
        {
            ColumnOf(table, column, here);
        }
        Trigger? old = table.Triggers.FirstOrDefault(t => t.Name == trigger.Name);
        if (old is not null && !create.OrReplace)
        {
            throw SchemaFailure.Of(ErrorCodes.DuplicateObject, $"trigger \"{trigger.Name}\" for relation \"{table.Name.Name}\" already exists", here);
        }
        if (trigger.When is { } when)
        {
            CheckTriggerCondition(table, trigger, when);
        }
        Trigger resolved = trigger with { Function = function.Name };
        Put(table with { Triggers = old is null ? table.Triggers.Add(resolved) : table.Triggers.Replace(old, resolved) });
    }

    /// <summary>The extension moddatetime: a function of ours that stamps this one column.</summary>
    private QualifiedName Moddatetime(Table table, string column)
    {
        ColumnOf(table, column, here);
        string quoted = column.Replace("\"", "\"\"", StringComparison.Ordinal);
        string text = $"begin new.\"{quoted}\" := now(); return new; end";
        var name = new QualifiedName("extensions", $"moddatetime_{column}");
        ApplyCreateFunction(
            new CreateFunction(name, [], OrReplace: true)
            {
                Returns = new TypeSyntax(["trigger"], [], 0, here),
                Language = "plpgsql",
                Body = Require(Parsing.BodyParser.ParseBlock(text)),
                Text = text,
            }
        );
        return name;
    }

    private void CheckTriggerCondition(Table table, Trigger trigger, Expr when)
    {
        var ranges = ImmutableArray.CreateBuilder<VisibleRange>();
        if (trigger.ForEachRow && trigger.Events != TriggerEvents.Delete)
        {
            ranges.Add(new VisibleRange("new", "new", table.Shape.Columns) { QualifiedOnly = true });
        }
        if (trigger.ForEachRow && (trigger.Events & TriggerEvents.Insert) == 0)
        {
            ranges.Add(new VisibleRange("old", "old", table.Shape.Columns) { QualifiedOnly = true });
        }
        Require(
            new TypeChecker(catalog).CheckExpression(when, new ScopeOfRanges(ranges.DrainToImmutable()), LogicalType.Boolean, ExpressionUse.TriggerWhen)
        );
    }
}
