using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Types;

namespace Tenon.Core.Schema;

// Indexes, views, types, schemas, roles, publications, comments.
internal sealed partial class SchemaBuilder
{
    private void ApplySmall(SchemaStatement statement)
    {
        switch (statement)
        {
            case SetSequence s:
                ApplySetSequence(s);
                break;
            case CreateEnum s:
                ApplyCreateEnum(s);
                break;
            case AddEnumValue s:
                ApplyAddEnumValue(s);
                break;
            case RenameEnumValue s:
                throw SchemaFailure.Refused("renaming the value of an enum", s.At, "Add the new value and update the rows to it.");
            case CreateSchema s:
                ApplyCreateSchema(s);
                break;
            case CreateRole s:
                if (catalog.Roles.Contains(new RoleName(s.Name)))
                {
                    throw SchemaFailure.Of(ErrorCodes.DuplicateObject, $"role \"{s.Name}\" already exists", here);
                }
                catalog = catalog.WithRole(new RoleName(s.Name));
                break;
            case CommentOn s:
                ApplyComment(s);
                break;
            case AlterPublication s:
                ApplyPublication(s);
                break;
            case RecordedStatement s:
                if (s.What == "create publication" && !catalog.Publications.ContainsKey(s.Names[0].Name))
                {
                    catalog = catalog.WithPublication(s.Names[0].Name, []);
                }
                break;
            default:
                throw new InvalidOperationException($"statement {statement.GetType().Name} is not known");
        }
    }

    private void ApplyCreateIndex(CreateIndex create)
    {
        Table table = BaseTableOf(create.Table);
        string name = create.Name.Length > 0
            ? create.Name
            : ObjectNames.Choose(table.Name.Name, ColumnsOfKeys(create.Keys), "idx", n => IsRelationName(table.Name.Schema, n));
        if (create.IfNotExists && IsRelationName(table.Name.Schema, name))
        {
            return;
        }
        RequireNewName(new QualifiedName(table.Name.Schema, name));
        foreach (IndexKey key in create.Keys)
        {
            Check(key.Value, table, ExpressionUse.Index);
        }
        if (create.Where is { } where)
        {
            Check(where, table, ExpressionUse.IndexPredicate, LogicalType.Boolean);
        }
        var index = new Catalog.Index(name, create.Keys) { Unique = create.Unique, Method = create.Method, Where = create.Where };
        Table after = table with { Indexes = table.Indexes.Add(index) };
        Put(after);
        Emit(new CreateIndexStep(after, index));
    }

    /// <summary>PostgreSQL's names of index columns: the column, the function, or "expr", numbered when they repeat.</summary>
    private static string ColumnsOfKeys(ImmutableArray<IndexKey> keys)
    {
        var names = new List<string>();
        foreach (IndexKey key in keys)
        {
            string name = key.Value switch
            {
                NameExpr n => n.Parts[^1],
                CallExpr c => c.Name,
                CoalesceExpr => "coalesce",
                _ => "expr",
            };
            string numbered = name;
            for (int i = 1; names.Contains(numbered); i++)
            {
                numbered = $"{name}{i}";
            }
            names.Add(numbered);
        }
        return string.Join('_', names);
    }

    private void ApplyCreateView(CreateView create)
    {
        QualifiedName name = InSchema(create.Name);
        Table? old = catalog.Find(name);
        if (old is null || !create.OrReplace)
        {
            RequireNewName(name);
        }
        else if (old.Kind != RelationKind.View)
        {
            throw SchemaFailure.Of(ErrorCodes.WrongObjectType, $"\"{name.Name}\" is not a view", here);
        }
        ImmutableArray<Column> columns = ViewColumns(create.Query, create.Columns);
        if (old is not null)
        {
            RequireCompatibleView(old, columns);
        }
        Table view = (old ?? new Table(name, columns)) with
        {
            Columns = columns,
            Kind = RelationKind.View,
            ViewQuery = create.Query,
            ViewColumnNames = create.Columns,
            SecurityInvoker = create.SecurityInvoker,
            CheckOption = create.CheckOption,
        };
        if (view.CheckOption != CheckOption.None && WritableViews.WhyNot(view) is { } why)
        {
            throw SchemaFailure.Of(ErrorCodes.FeatureNotSupported, "WITH CHECK OPTION is supported only on automatically updatable views", here, why);
        }
        if (old is null && options.AutoExposeNewTables && name.Schema == "public")
        {
            view = view with { Grants = [.. new[] { RoleName.Anon, RoleName.Authenticated, RoleName.Service }.Select(r => new Grant(r, Privileges.All, []))] };
        }
        Put(view);
        RefreshRowTypes(view);
    }

    private ImmutableArray<Column> ViewColumns(Select query, ImmutableArray<string> names)
    {
        Select bound = Require(new TypeChecker(catalog).CheckSelect(query));
        if (names.Length > bound.Output.Length)
        {
            throw SchemaFailure.Of(ErrorCodes.SyntaxError, "CREATE VIEW specifies more column names than columns", here);
        }
        ImmutableArray<Column> columns = [.. bound.Output.Select((f, i) => new Column(i < names.Length ? names[i] : f.Name, f.Type))];
        string? twice = columns.GroupBy(c => c.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1)?.First().Name;
        return twice is null
            ? columns
            : throw SchemaFailure.Of(ErrorCodes.DuplicateColumn, $"column \"{twice}\" specified more than once", here);
    }

    private void RequireCompatibleView(Table old, ImmutableArray<Column> columns)
    {
        if (columns.Length < old.Columns.Length)
        {
            throw SchemaFailure.Of(ErrorCodes.InvalidTableDefinition, "cannot drop columns from view", here, "Drop the view and create it again.");
        }
        foreach ((Column before, Column after) in old.Columns.Zip(columns))
        {
            if (before.Name != after.Name)
            {
                throw SchemaFailure.Of(
                    ErrorCodes.InvalidTableDefinition,
                    $"cannot change name of view column \"{before.Name}\" to \"{after.Name}\"",
                    here,
                    "Drop the view and create it again."
                );
            }
            if (!before.Type.Equals(after.Type))
            {
                throw SchemaFailure.Of(
                    ErrorCodes.InvalidTableDefinition,
                    $"cannot change data type of view column \"{before.Name}\" from {before.Type.SqlName} to {after.Type.SqlName}",
                    here
                );
            }
        }
    }

    // ---- enums ----

    private void ApplyCreateEnum(CreateEnum create)
    {
        QualifiedName name = InSchema(create.Name);
        if (catalog.Enums.ContainsKey(name) || catalog.Find(name) is not null)
        {
            throw SchemaFailure.Of(ErrorCodes.DuplicateObject, $"type \"{name.Name}\" already exists", here);
        }
        if (create.Labels.Distinct().Count() != create.Labels.Length)
        {
            throw SchemaFailure.Of(ErrorCodes.DuplicateObject, $"enum \"{name.Name}\" names a label twice", here);
        }
        catalog = catalog.With(new EnumType(name, create.Labels));
    }

    private EnumType EnumOf(QualifiedName name) =>
        catalog.FindType(name.Schema, name.Name)?.Enum
        ?? throw SchemaFailure.Of(ErrorCodes.UndefinedObject, $"type \"{Written(name)}\" does not exist", here);

    private void ApplyAddEnumValue(AddEnumValue add)
    {
        EnumType type = EnumOf(add.Name);
        if (type.Labels.Contains(add.Label))
        {
            if (!add.IfNotExists)
            {
                throw SchemaFailure.Of(ErrorCodes.DuplicateObject, $"enum label \"{add.Label}\" already exists", here);
            }
            return;
        }
        int at = type.Labels.Length;
        if ((add.Before ?? add.After) is { } neighbour)
        {
            at = type.Labels.IndexOf(neighbour);
            if (at < 0)
            {
                throw SchemaFailure.Of(ErrorCodes.InvalidParameterValue, $"\"{neighbour}\" is not an existing enum label", here);
            }
            at += add.After is null ? 0 : 1;
        }
        ReplaceEnum(type with { Labels = type.Labels.Insert(at, add.Label) });
    }

    /// <summary>Columns and functions carry the type itself, so they get the new one.</summary>
    private void ReplaceEnum(EnumType type)
    {
        catalog = catalog.With(type);
        LogicalType Fresh(LogicalType t) =>
            t.Kind == TypeKind.Enum && t.Enum!.Name == type.Name ? LogicalType.EnumOf(type)
            : t.Kind == TypeKind.Array && t.Element is { Kind: TypeKind.Enum } e && e.Enum!.Name == type.Name ? LogicalType.ArrayOf(LogicalType.EnumOf(type))
            : t;
        foreach (Table table in catalog.Tables.Values)
        {
            if (table.Columns.Any(c => !ReferenceEquals(Fresh(c.Type), c.Type)))
            {
                Put(table with { Columns = [.. table.Columns.Select(c => c with { Type = Fresh(c.Type) })] });
            }
        }
        foreach (Routine routine in catalog.Routines.Values.SelectMany(r => r))
        {
            if (!ReferenceEquals(Fresh(routine.Result), routine.Result) || routine.Parameters.Any(p => !ReferenceEquals(Fresh(p.Type), p.Type)))
            {
                catalog = catalog.With(
                    routine with { Result = Fresh(routine.Result), Parameters = [.. routine.Parameters.Select(p => p with { Type = Fresh(p.Type) })] }
                );
            }
        }
    }

    // ---- schemas, comments, publications ----

    private void ApplyCreateSchema(CreateSchema create)
    {
        string? known = catalog.Schemas.FirstOrDefault(s => string.Equals(s, create.Name, StringComparison.OrdinalIgnoreCase));
        if (known is not null)
        {
            if (create.IfNotExists && known == create.Name)
            {
                return;
            }
            throw SchemaFailure.Of(ErrorCodes.DuplicateSchema, $"schema \"{known}\" already exists", here);
        }
        catalog = catalog.WithSchema(create.Name);
    }

    private void ApplyComment(CommentOn comment)
    {
        switch (comment.Kind)
        {
            case ObjectKind.Table or ObjectKind.View:
                Put(TableOf(comment.Name) with { Comment = comment.Text });
                break;
            case ObjectKind.Column:
                Table table = TableOf(comment.Name);
                Column column = ColumnOf(table, comment.Column!, here);
                Put(table with { Columns = table.Columns.Replace(column, column with { Comment = comment.Text }) });
                break;
            case ObjectKind.Function:
                ImmutableArray<Routine> routines = catalog.ResolveRoutines(comment.Name.Schema, comment.Name.Name);
                if (routines.IsEmpty)
                {
                    throw SchemaFailure.Of(ErrorCodes.UndefinedFunction, $"could not find a function named \"{Written(comment.Name)}\"", here);
                }
                foreach (Routine routine in routines)
                {
                    catalog = catalog.With(routine with { Comment = comment.Text });
                }
                break;
            case ObjectKind.Policy or ObjectKind.Trigger or ObjectKind.Constraint:
                TableOf(comment.Name);
                break;
        }
    }

    private void ApplyPublication(AlterPublication alter)
    {
        ImmutableHashSet<QualifiedName>? known = catalog.Publications.GetValueOrDefault(alter.Publication);
        if (known is null && alter.Publication != "supabase_realtime" && !alter.Add)
        {
            throw SchemaFailure.Of(ErrorCodes.UndefinedObject, $"publication \"{alter.Publication}\" does not exist", here);
        }
        known ??= [];
        foreach (QualifiedName name in alter.Tables)
        {
            QualifiedName table = BaseTableOf(name).Name;
            known = alter.Add ? known.Add(table) : known.Remove(table);
        }
        catalog = catalog.WithPublication(alter.Publication, known);
    }
}
