using Tenon.Core.Catalog;

namespace Tenon.Sources.Sqlite.Writing;

/// <summary>
/// A foreign key seen from the table it points at. FiresOnDelete: rows it takes along have triggers, so its action is the
/// writer's work; SQLite's own would pass them by.
/// </summary>
internal readonly record struct IncomingKey(Table Child, ForeignKey Key, bool FiresOnDelete)
{
    public static IncomingKey[] Of(Table target, Catalog catalog) =>
        [
            .. catalog
                .Tables.Values.Where(t => t.Kind == RelationKind.Table)
                .SelectMany(t => t.ForeignKeys.Where(k => k.Target == target.Name).Select(k => new IncomingKey(t, k, Fires(t, k, catalog, [])))),
        ];

    private static bool Fires(Table child, ForeignKey key, Catalog catalog, HashSet<Table> seen)
    {
        bool HasRow(TriggerEvents when) => child.Triggers.Any(t => t.ForEachRow && (t.Events & when) != 0);
        return key.OnDelete switch
        {
            ReferentialAction.SetNull => HasRow(TriggerEvents.Update),
            ReferentialAction.Cascade => HasRow(TriggerEvents.Delete)
                || (
                    seen.Add(child)
                    && catalog.Tables.Values.Any(t => t.ForeignKeys.Any(k => k.Target == child.Name && Fires(t, k, catalog, seen)))
                ),
            _ => false,
        };
    }
}
