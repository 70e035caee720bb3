using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Query;
using Tenon.Core.Types;

namespace Tenon.Core.Planning;

/// <summary>
/// Syntax and the body's keys → a plan of one write on one table. The values come with the execution; nothing is guarded
/// here.
/// </summary>
internal sealed class WritePlanner
{
    private readonly Catalog.Catalog catalog;
    private readonly Table table;
    private readonly QuerySyntax query;
    private readonly PlanOptions options;
    private readonly WriteIntent intent;
    private readonly Slots slots;
    private readonly UpdatableView? view;

    /// <summary>The primary key, by the names of what is written; empty when it has none.</summary>
    private readonly ImmutableArray<string> key;

    private WritePlanner(Catalog.Catalog catalog, Table table, QuerySyntax query, WriteIntent intent, PlanOptions options, UpdatableView? view)
    {
        this.view = view;
        key = view?.Key() ?? table.PrimaryKey?.Columns ?? [];
        this.catalog = catalog;
        this.table = table;
        this.query = query;
        this.intent = intent;
        this.options = options;
        slots = new Slots(query.Slots);
    }

    public static Outcome<WritePlan> Plan(Catalog.Catalog catalog, string name, QuerySyntax query, WriteIntent intent, PlanOptions options)
    {
        if (!ReadPlanner.FindTable(catalog, name, options).TryGet(out Table table, out Error error))
        {
            return error;
        }
        if (table.Kind != RelationKind.View)
        {
            return new WritePlanner(catalog, table, query, intent, options, null).Plan();
        }
        if (!options.WritesViews && table.Writes is null)
        {
            return PlanErrors.NotSupported($"writing to the view {name}", "Write to the table behind it, or through a function.");
        }
        return FindView(catalog, table, intent).TryGet(out UpdatableView? view, out error)
            ? new WritePlanner(catalog, table, query, intent, options, view).Plan()
            : error;
    }

    /// <summary>What is written through the view; null where only its database knows (triggers that run instead, a query Tenon cannot read).</summary>
    private static Outcome<UpdatableView?> FindView(Catalog.Catalog catalog, Table view, WriteIntent intent)
    {
        (WriteKind kind, TriggerEvents asked) = intent.Method switch
        {
            WriteMethod.Patch => (WriteKind.Update, TriggerEvents.Update),
            WriteMethod.Delete => (WriteKind.Delete, TriggerEvents.Delete),
            _ => (WriteKind.Insert, TriggerEvents.Insert),
        };
        Outcome<UpdatableView> found = UpdatableView.Of(catalog, view, kind);
        if (view.Writes?.HasFlag(asked) == true)
        {
            return found.Failed || !view.Triggers.IsEmpty ? (UpdatableView?)null : found.Value;
        }
        return found.Failed ? found.Error! : view.Writes is null ? found.Value : UpdatableView.NotUpdatable(view, kind, null);
    }

    private Outcome<WritePlan> Plan()
    {
        ImmutableArray<KeySlot> putKey = [];
        if (intent.Method == WriteMethod.Put && !PutKey().TryGet(out putKey, out Error error))
        {
            return error;
        }
        if (!PayloadColumns().TryGet(out ImmutableArray<string> columns, out error))
        {
            return error;
        }
        if (!Arbiter().TryGet(out ImmutableArray<string> arbiter, out error))
        {
            return error;
        }
        bool wantsRows = intent.Return == ReturnPreference.Representation;
        bool filtered = intent.Method is WriteMethod.Patch or WriteMethod.Delete;
        bool wantsKey = intent is { Return: ReturnPreference.HeadersOnly, Method: WriteMethod.Post } && !key.IsEmpty;
        QuerySyntax own = filtered ? query : query with { Conditions = query.Conditions.RemoveAll(c => c.Path.IsEmpty) };
        own = wantsKey ? own with { Select = KeyItems() } : own;
        if (!ReadPlanner.PlanReturning(catalog, table, own, options, slots, wantsRows || wantsKey).TryGet(out var returning, out error))
        {
            return error;
        }
        // A database that writes through its views is asked to write to the view itself.
        UpdatableView? through = table.Writes is null ? view : null;
        return new WritePlan(Kind(arbiter), through?.Base.Name ?? table.Name, returning.Node.Range, slots.Specs)
        {
            View = through,
            Columns = columns,
            MissingIsDefault = intent.MissingIsDefault,
            ConflictColumns = arbiter,
            PutKey = putKey,
            Filter = returning.Filter,
            Returning = wantsRows || wantsKey ? returning.Node : null,
            ReturnKey = wantsKey,
            Singular = intent.Singular,
            LiteralSlots = slots.Literals,
            MaxAffected = filtered ? intent.MaxAffected : null,
        };
    }

    /// <summary>headers-only: Location needs the key of the row and nothing else.</summary>
    private ImmutableArray<SelectItemSyntax> KeyItems() =>
        [.. key.Select(c => new FieldItemSyntax(new FieldSyntax(c, []), null))];

    private WriteKind Kind(ImmutableArray<string> arbiter) =>
        intent.Method switch
        {
            WriteMethod.Put => WriteKind.InsertOrUpdate,
            WriteMethod.Patch => WriteKind.Update,
            WriteMethod.Delete => WriteKind.Delete,
            _ when arbiter.IsEmpty => WriteKind.Insert,
            _ => intent.Resolution switch
            {
                ResolutionPreference.MergeDuplicates => WriteKind.InsertOrUpdate,
                ResolutionPreference.IgnoreDuplicates => WriteKind.InsertOrIgnore,
                _ => WriteKind.Insert,
            },
        };

    // ---- columns of the payload ----------------------------------------------------------------------------------

    private Outcome<ImmutableArray<string>> PayloadColumns()
    {
        if (intent.Method == WriteMethod.Delete)
        {
            return ImmutableArray<string>.Empty;
        }
        ImmutableArray<string> columns = query.Columns.IsDefault ? intent.PayloadKeys : query.Columns;
        foreach (string name in columns)
        {
            if (table.Find(name) is not { } column)
            {
                return PlanErrors.NoColumn(table.Name.Name, name);
            }
            if (view is not null && view.Columns.TryGetValue(name, out string? below))
            {
                column = view.Base.Find(below)!;
            }
            bool identity = column.Identity == IdentityKind.Always;
            if (identity || column.Generated is not null)
            {
                return intent.Method == WriteMethod.Patch
                    ? PlanErrors.UpdateGenerated(name, identity)
                    : PlanErrors.InsertGenerated(name, identity);
            }
        }
        WriteKind kind = intent.Method == WriteMethod.Patch ? WriteKind.Update : WriteKind.Insert;
        if (view?.BaseColumns(columns, kind).Error is { } unwritable)
        {
            return unwritable;
        }
        return columns;
    }

    // ---- upsert --------------------------------------------------------------------------------------------------

    /// <summary>The columns a conflict is found by: on_conflict, else the primary key; empty when it is no upsert.</summary>
    private Outcome<ImmutableArray<string>> Arbiter()
    {
        bool upsert = intent.Method == WriteMethod.Put || (intent.Method == WriteMethod.Post && intent.Resolution != ResolutionPreference.None);
        if (!upsert)
        {
            return ImmutableArray<string>.Empty;
        }
        if (query.OnConflict.IsDefault || intent.Method == WriteMethod.Put)
        {
            return key;
        }
        foreach (string column in query.OnConflict)
        {
            if (table.Find(column) is null)
            {
                return PlanErrors.ConflictColumn(column);
            }
            if (view is not null && !view.Columns.ContainsKey(column))
            {
                return PlanErrors.NoArbiter();
            }
        }
        bool unknown = view is null && table.Writes is not null;
        return unknown || IsUnique(view is null ? query.OnConflict : [.. query.OnConflict.Select(c => view.Columns[c])]) ? query.OnConflict : PlanErrors.NoArbiter();
    }

    private bool IsUnique(ImmutableArray<string> columns)
    {
        Table unique = view?.Base ?? table;
        bool Same(IEnumerable<string> key) => columns.Length == key.Count() && key.All(columns.Contains);
        return (unique.PrimaryKey is { } primary && Same(primary.Columns))
            || unique.Uniques.Any(u => Same(u.Columns))
            || unique.Indexes.Any(i => i is { Unique: true, Where: null } && PlainColumns(i) is { } plain && Same(plain));
    }

    private static string[]? PlainColumns(Catalog.Index index)
    {
        string?[] names = [.. index.Keys.Select(k => k.Value switch
        {
            NameExpr { Parts: [var name] } => name,
            ColumnExpr column => column.Column,
            _ => null,
        })];
        return names.Contains(null) ? null : [.. names.OfType<string>()];
    }

    // ---- PUT -----------------------------------------------------------------------------------------------------

    private Outcome<ImmutableArray<KeySlot>> PutKey()
    {
        if (query.Counts.Any(c => c.Path.IsEmpty))
        {
            return PlanErrors.PutLimit();
        }
        var found = ImmutableArray.CreateBuilder<KeySlot>();
        foreach (PlacedCondition placed in query.Conditions.Where(c => c.Path.IsEmpty))
        {
            if (placed.Condition is not FilterSyntax { Operator: FilterOperator.Equal, Negated: false, Quantifier: Quantifier.None } filter
                || !filter.Field.Path.IsEmpty
                || !key.Contains(filter.Field.Name)
                || found.Any(f => f.Column == filter.Field.Name))
            {
                return PlanErrors.PutFilters();
            }
            slots.Use(filter.Slot, table.Find(filter.Field.Name)!.Type, SlotKind.Scalar);
            found.Add(new KeySlot(filter.Field.Name, filter.Slot));
        }
        return key.IsEmpty || found.Count != key.Length ? PlanErrors.PutFilters() : found.DrainToImmutable();
    }
}
