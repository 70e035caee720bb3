using System.Collections.Immutable;
using Tenon.Core.Errors;
using Tenon.Core.Expressions.Functions;
using Tenon.Core.Types;

namespace Tenon.Core.Expressions.Checking;

// The statements of a PL/pgSQL block. A record variable takes the row type of the last query that filled it, in text order.
internal sealed partial class TypeChecker
{
    private BlockBody BindBlock(BlockBody body)
    {
        VariableScope? outer = variables;
        variables = new VariableScope(outer, null);
        var declarations = new VariableDeclaration[body.Variables.Length];
        for (int i = 0; i < declarations.Length; i++)
        {
            declarations[i] = BindDeclaration(body.Variables[i]);
        }
        var statements = BindBlockStatements(body.Statements);
        var handlers = new ExceptionHandler[body.Handlers.Length];
        for (int i = 0; i < handlers.Length; i++)
        {
            handlers[i] = BindHandler(body.Handlers[i]);
        }
        variables = outer;
        return new BlockBody(Frozen.AsImmutable(declarations), statements) { Handlers = Frozen.AsImmutable(handlers) };
    }

    private VariableDeclaration BindDeclaration(VariableDeclaration declaration)
    {
        LogicalType type = declaration.TypeOf.IsEmpty
            ? TypeNames.Resolve(declaration.Type!, names)
            : ReferencedType(declaration);
        Expr? initial = declaration.Initial is null ? null : BindValue(declaration.Initial, type);
        if (variables!.Here(declaration.Name) is not null)
        {
            throw CheckErrors.Of(ErrorCodes.SyntaxError, $"duplicate declaration of \"{declaration.Name}\"", declaration.At);
        }
        Variable variable = Declare(declaration.Name, type);
        return declaration with { Name = variable.BoundName, Initial = initial, BoundType = type };
    }

    /// <summary>table.column%type, table%rowtype, variable%type.</summary>
    private LogicalType ReferencedType(VariableDeclaration declaration)
    {
        var parts = declaration.TypeOf;
        if (declaration.RowType)
        {
            RelationShape row = FindRelation(new QualifiedName(parts.Length > 1 ? parts[^2] : "", parts[^1]), declaration.At);
            return LogicalType.RowOfTable(row.Name, row.Columns);
        }
        if (parts.Length == 1)
        {
            return RequireVariable(parts[0], declaration.At).Type;
        }
        RelationShape table = FindRelation(new QualifiedName(parts.Length > 2 ? parts[^3] : "", parts[^2]), declaration.At);
        return FindTarget(table, parts[^1], declaration.At).Type;
    }

    /// <summary>An expression as a value of a variable: by assignment, else by way of text, as PL/pgSQL does.</summary>
    private Expr BindValue(Expr syntax, LogicalType type)
    {
        Expr bound = Bind(syntax, new Scope(null));
        if (type.Kind == TypeKind.Record && bound.Type.Kind is TypeKind.Record or TypeKind.Unknown)
        {
            return bound is ConstantExpr { Value.IsNull: true } ? bound with { Type = type } : DefaultUnknown(bound);
        }
        return TryCoerce(bound, type, CastContext.Assignment)
            ?? TryCoerce(bound, type, CastContext.Explicit)
            ?? throw CheckErrors.CannotCast(bound.Type, type, syntax.At);
    }

    private ImmutableArray<BlockStatement> BindBlockStatements(ImmutableArray<BlockStatement> statements)
    {
        if (statements.IsEmpty)
        {
            return [];
        }
        if (++depth > MaxDepth)
        {
            throw CheckErrors.TooDeep(statements[0].At);
        }
        var bound = new BlockStatement[statements.Length];
        for (int i = 0; i < bound.Length; i++)
        {
            bound[i] = BindBlockStatement(statements[i]);
        }
        depth--;
        return Frozen.AsImmutable(bound);
    }

    private BlockStatement BindBlockStatement(BlockStatement statement) =>
        statement switch
        {
            AssignBlock s => BindAssign(s),
            IfBlock s => BindIf(s),
            SqlBlock s => BindSqlBlock(s),
            PerformBlock s => s with { Select = BindSelect(s.Select, null, keepUnknown: false) },
            ReturnBlock s => BindReturn(s),
            ReturnQueryBlock s => BindReturnQuery(s),
            ReturnNextBlock s => BindReturnNext(s),
            RaiseBlock s => BindRaise(s),
            NestedBlock s => s with { Body = BindBlock(s.Body) },
            ForQueryBlock s => BindFor(s),
            ForRangeBlock s => BindRange(s),
            LoopBlock s => BindLoop(s),
            LeaveBlock { Condition: { } condition } s => s with { Condition = BindCondition(condition, new Scope(null), "WHEN") },
            DiagnosticsBlock s => BindDiagnostics(s),
            LeaveBlock => statement,
            NullBlock => statement,
            _ => throw new InvalidOperationException($"the type checker does not know {statement.GetType().Name}"),
        };

    private (string BoundName, LogicalType Type) Target(string target, Span at)
    {
        int dot = target.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
        {
            Variable variable = RequireVariable(target, at);
            return (variable.BoundName, variable.Type);
        }
        string qualifier = target[..dot];
        string field = target[(dot + 1)..];
        if (variables!.FindQualified(qualifier, field) is { } qualified)
        {
            return (qualified.BoundName, qualified.Type);
        }
        VariableExpr part = FieldOfVariable(RequireVariable(qualifier, at), qualifier, field, at);
        return (part.Name, part.Type);
    }

    private AssignBlock BindAssign(AssignBlock s)
    {
        (string name, LogicalType type) = Target(s.Target, s.At);
        Expr value = BindValue(s.Value, type);
        if (type is { Kind: TypeKind.Record, Fields.IsEmpty: true })
        {
            Retype(s.Target, value.Type);
        }
        return s with { Target = name, Value = value };
    }

    private void Retype(string name, LogicalType type)
    {
        for (VariableScope? scope = variables; scope is not null; scope = scope.Parent)
        {
            if (scope.Here(name) is { } variable)
            {
                scope.Add(name, variable with { Type = type });
                // Types are equal whatever fields a record has, and the builder keeps an equal value: out with it first.
                declared.Remove(variable.BoundName);
                declared[variable.BoundName] = type;
                return;
            }
        }
    }

    private IfBlock BindIf(IfBlock s)
    {
        var branches = new IfBranch[s.Branches.Length];
        for (int i = 0; i < branches.Length; i++)
        {
            Expr condition = BindCondition(s.Branches[i].Condition, new Scope(null), "IF");
            branches[i] = new IfBranch(condition, BindBlockStatements(s.Branches[i].Body));
        }
        return s with { Branches = Frozen.AsImmutable(branches), Else = BindBlockStatements(s.Else) };
    }

    private SqlBlock BindSqlBlock(SqlBlock s)
    {
        Statement bound = BindStatement(s.Statement, null);
        if (s.Into.IsEmpty)
        {
            return s with { Statement = bound };
        }
        var output = OutputOf(bound);
        if (output.IsEmpty)
        {
            throw CheckErrors.Of(ErrorCodes.SyntaxError, "INTO used with a command that cannot return data", s.At);
        }
        var into = new string[s.Into.Length];
        for (int i = 0; i < into.Length; i++)
        {
            (into[i], LogicalType type) = Target(s.Into[i], s.At);
            if (into.Length == 1 && type.Kind == TypeKind.Record)
            {
                bool isOpen = type.RowOf is null;
                if (isOpen)
                {
                    Retype(s.Into[i], LogicalType.RecordOf(output));
                }
                return s with { Statement = isOpen ? bound : ConvertTo(bound, type.Fields), Into = Frozen.AsImmutable(into) };
            }
            if (i < output.Length)
            {
                bound = ConvertColumn(bound, i, type);
            }
        }
        return s with { Statement = bound, Into = Frozen.AsImmutable(into) };
    }

    /// <summary>The row of a query for a variable of a table's row type: converted column by column as far as both go.</summary>
    private Statement ConvertTo(Statement statement, ImmutableArray<RowField> fields)
    {
        for (int i = 0; i < Math.Min(fields.Length, OutputOf(statement).Length); i++)
        {
            statement = ConvertColumn(statement, i, fields[i].Type);
        }
        return statement;
    }

    private Statement ConvertColumn(Statement statement, int column, LogicalType type)
    {
        var types = TypesOfFields(OutputOf(statement));
        LogicalType from = types[column];
        if (from.Equals(type) || from.Kind == TypeKind.Record || type.Kind == TypeKind.Record)
        {
            return statement;
        }
        types[column] = type;
        return statement switch
        {
            SelectStatement s => s with { Select = CoerceColumns(s.Select, types, CastContext.Explicit) },
            InsertStatement s => s with { Returning = CoerceItems(s.Returning, types, CastContext.Explicit) },
            UpdateStatement s => s with { Returning = CoerceItems(s.Returning, types, CastContext.Explicit) },
            DeleteStatement s => s with { Returning = CoerceItems(s.Returning, types, CastContext.Explicit) },
            _ => statement,
        };
    }

    private ReturnBlock BindReturn(ReturnBlock s)
    {
        LogicalType result = routineSource!.Shape.Result;
        if (s.Value is null)
        {
            return s;
        }
        if (routineSource.Shape.ReturnsSet)
        {
            throw CheckErrors.Of(
                ErrorCodes.DatatypeMismatch,
                "RETURN cannot have a parameter in function returning set",
                s.At,
                "Use RETURN NEXT or RETURN QUERY."
            );
        }
        return result.Kind switch
        {
            TypeKind.Void => throw CheckErrors.Of(
                ErrorCodes.DatatypeMismatch,
                "RETURN cannot have a parameter in function returning void",
                s.At
            ),
            TypeKind.Trigger => s with { Value = BindTriggerResult(s.Value) },
            _ => s with { Value = BindValue(s.Value, result) },
        };
    }

    private Expr BindTriggerResult(Expr syntax)
    {
        Expr bound = Bind(syntax, new Scope(null));
        if (IsTriggerRow(bound))
        {
            return bound;
        }
        if (bound.Type.Kind == TypeKind.Record)
        {
            throw CheckErrors.Of(
                ErrorCodes.FeatureNotSupported,
                "returning a computed row from a trigger is not supported",
                syntax.At,
                "Assign to the columns of new and return new, or return a variable declared with %rowtype."
            );
        }
        throw CheckErrors.Of(
            ErrorCodes.DatatypeMismatch,
            "cannot return non-composite value from function returning composite type",
            syntax.At
        );
    }

    /// <summary>null, a variable that holds a row of the table, or coalesce of those.</summary>
    private bool IsTriggerRow(Expr bound) =>
        bound switch
        {
            ConstantExpr { Value.IsNull: true } => true,
            VariableExpr { Type: { Kind: TypeKind.Record } type } => routineSource!.TriggerTable is not { } table || type.RowOf == table.Name,
            CoalesceExpr coalesce => coalesce.Items.All(IsTriggerRow),
            _ => false,
        };

    private ReturnQueryBlock BindReturnQuery(ReturnQueryBlock s)
    {
        RequireSet("RETURN QUERY", s.At);
        Statement query = BindStatement(s.Query, null);
        return s with { Query = ConvertResult(query, routineSource!.Shape) };
    }

    private ReturnNextBlock BindReturnNext(ReturnNextBlock s)
    {
        RequireSet("RETURN NEXT", s.At);
        return s.Value is null ? s : s with { Value = BindValue(s.Value, routineSource!.Shape.Result) };
    }

    private void RequireSet(string statement, Span at)
    {
        if (!routineSource!.Shape.ReturnsSet)
        {
            throw CheckErrors.Of(ErrorCodes.DatatypeMismatch, $"cannot use {statement} in a non-SETOF function", at);
        }
    }

    private RaiseBlock BindRaise(RaiseBlock s)
    {
        var scope = new Scope(null);
        var arguments = new Expr[s.Arguments.Length];
        for (int i = 0; i < arguments.Length; i++)
        {
            arguments[i] = ToText(Bind(s.Arguments[i], scope), s.Arguments[i].At);
        }
        var options = new ColumnAssignment[s.Options.Length];
        for (int i = 0; i < options.Length; i++)
        {
            options[i] = s.Options[i] with { Value = ToText(Bind(s.Options[i].Value, scope), s.Options[i].At) };
        }
        return s with { Arguments = Frozen.AsImmutable(arguments), Options = Frozen.AsImmutable(options) };
    }

    private Expr ToText(Expr bound, Span at) =>
        TryCoerce(bound, LogicalType.Text, CastContext.Explicit) ?? throw CheckErrors.CannotCast(bound.Type, LogicalType.Text, at);

    private ForQueryBlock BindFor(ForQueryBlock s)
    {
        Select query = BindSelect(s.Query, null, keepUnknown: false);
        Variable variable = RequireVariable(s.Variable, s.At);
        if (variable.Type.Kind == TypeKind.Record && variable.Type.RowOf is null)
        {
            Retype(s.Variable, LogicalType.RecordOf(query.Output));
        }
        else if (variable.Type.Kind != TypeKind.Record)
        {
            query = ((SelectStatement)ConvertColumn(new SelectStatement(query), 0, variable.Type)).Select;
        }
        return s with { Variable = variable.BoundName, Query = query, Body = BindBlockStatements(s.Body) };
    }
}
