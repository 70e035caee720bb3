using Tenon.Core.Catalog;
using Tenon.Core.Types;

namespace Tenon.Core.Codegen;

// What is made after the rows are there. Of the server's own tables only what the app added.
internal sealed partial class SchemaDump
{
    private void Indexes(Table table, Table? known)
    {
        foreach (Catalog.Index index in table.Indexes.Where(i => known?.Indexes.Any(k => k.Name == i.Name) != true).OrderBy(i => i.Name, StringComparer.Ordinal))
        {
            IEnumerable<string> keys = index.Keys.Select(k => Key(k) + SyntaxPrinter.Direction(k.Descending, k.Nulls));
            string method = index.Method == "btree" ? "" : $" using {SqlNames.Name(index.Method)}";
            string where = index.Where is { } condition ? $" where {SyntaxPrinter.Print(condition)}" : "";
            Line($"create {(index.Unique ? "unique " : "")}index {SqlNames.Name(index.Name)} on {SqlNames.Of(table.Name)}{method} ({string.Join(", ", keys)}){where};");
        }
    }

    private static string Key(IndexKey key) =>
        key.Value is Expressions.NameExpr ? SyntaxPrinter.Print(key.Value) : $"({SyntaxPrinter.Print(key.Value)})";

    private void ForeignKeys(Table table, Table? known)
    {
        foreach (ForeignKey key in table.ForeignKeys.Where(f => known?.ForeignKeys.Any(k => k.Name == f.Name) != true).OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            string rules = Rule(" on delete ", key.OnDelete) + Rule(" on update ", key.OnUpdate);
            rules += key.Deferrable ? " deferrable" : "";
            rules += key.InitiallyDeferred ? " initially deferred" : "";
            Line(
                $"alter table {SqlNames.Of(table.Name)} add constraint {SqlNames.Name(key.Name)} foreign key ({SqlNames.List(key.Columns)}) "
                    + $"references {SqlNames.Of(key.Target)} ({SqlNames.List(key.TargetColumns)}){rules};"
            );
        }
    }

    private static string Rule(string words, ReferentialAction action) =>
        action switch
        {
            ReferentialAction.Cascade => words + "cascade",
            ReferentialAction.Restrict => words + "restrict",
            ReferentialAction.SetNull => words + "set null",
            ReferentialAction.SetDefault => words + "set default",
            _ => "",
        };

    // Triggers fire in the order of their names, whatever the order they are made in.
    private void Triggers(Table table, Table? known)
    {
        foreach (Trigger trigger in table.Triggers.Where(t => known?.Triggers.Any(k => k.Name == t.Name) != true).OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            string when = trigger.When is { } condition ? $" when ({SyntaxPrinter.Print(condition)})" : "";
            Line(
                $"create trigger {SqlNames.Name(trigger.Name)} {(trigger.Before ? "before" : "after")} {Events(trigger)} on {SqlNames.Of(table.Name)} "
                    + $"for each {(trigger.ForEachRow ? "row" : "statement")}{when} "
                    + $"execute function {SqlNames.Of(trigger.Function)}({string.Join(", ", trigger.Arguments.Select(SqlNames.Literal))});"
            );
        }
    }

    private static string Events(Trigger trigger)
    {
        var events = new List<string>();
        if (trigger.Events.HasFlag(TriggerEvents.Insert))
        {
            events.Add("insert");
        }
        if (trigger.Events.HasFlag(TriggerEvents.Update))
        {
            events.Add(trigger.UpdateOf.IsEmpty ? "update" : $"update of {SqlNames.List(trigger.UpdateOf)}");
        }
        if (trigger.Events.HasFlag(TriggerEvents.Delete))
        {
            events.Add("delete");
        }
        return string.Join(" or ", events);
    }

    private void RowSecurity(Table table, Table? known)
    {
        if (table.RowSecurity && known?.RowSecurity != true)
        {
            Line($"alter table {SqlNames.Of(table.Name)} enable row level security;");
        }
        if (table.ForceRowSecurity && known?.ForceRowSecurity != true)
        {
            Line($"alter table {SqlNames.Of(table.Name)} force row level security;");
        }
    }

    private void Policies(Table table, Table? known)
    {
        foreach (Policy policy in table.Policies.Where(p => known?.Policies.Any(k => k.Name == p.Name) != true).OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            Line(Statement(policy, table));
        }
    }

    public static string Statement(Policy policy, Table table)
    {
        string kind = policy.Permissive ? "" : " as restrictive";
        string command = policy.Command == PolicyCommand.All ? "" : $" for {policy.Command.ToString().ToLowerInvariant()}";
        bool everyone = policy.Roles is [var only] && only == RoleName.Public;
        string roles = everyone ? "" : $" to {Roles(policy.Roles)}";
        string conditions = policy.Using is { } rows ? $" using ({SyntaxPrinter.Print(rows)})" : "";
        conditions += policy.Check is { } check ? $" with check ({SyntaxPrinter.Print(check)})" : "";
        return $"create policy {SqlNames.Name(policy.Name)} on {SqlNames.Of(table.Name)}{kind}{command}{roles}{conditions};";
    }

    private static string Roles(IEnumerable<RoleName> roles) => string.Join(", ", roles.Select(Role).Order(StringComparer.Ordinal));

    public static string Role(RoleName role) => role == RoleName.Public ? "public" : SqlNames.Name(role.Text);

    private void Grants(Table table, Table? known)
    {
        IEnumerable<Grant> added = table.Grants.Where(g => known?.Grants.Any(k => Same(k, g)) != true);
        foreach (Grant grant in added.OrderBy(g => g.Role.Text, StringComparer.Ordinal).ThenBy(g => !g.Columns.IsEmpty).ThenBy(g => g.Privileges))
        {
            string columns = grant.Columns.IsEmpty ? "" : $" ({SqlNames.List(grant.Columns)})";
            string privileges = grant.Privileges == Privileges.All && grant.Columns.IsEmpty ? "all"
                : string.Join(", ", Enum.GetValues<Privileges>().Where(p => IsOne(p) && grant.Privileges.HasFlag(p)).Select(p => p.ToString().ToLowerInvariant() + columns));
            Line($"grant {privileges} on {SqlNames.Of(table.Name)} to {Role(grant.Role)};");
        }
    }

    private static bool Same(Grant a, Grant b) => a.Role == b.Role && a.Privileges == b.Privileges && a.Columns.SequenceEqual(b.Columns);

    private static bool IsOne(Privileges privilege) => System.Numerics.BitOperations.PopCount((uint)privilege) == 1;

    private void ExecuteGrants(Routine routine)
    {
        if (!routine.ExecuteRoles.Contains(RoleName.Public))
        {
            Line($"revoke execute on function {Signature(routine)} from public;");
        }
        if (routine.ExecuteRoles.Any(r => r != RoleName.Public))
        {
            Line($"grant execute on function {Signature(routine)} to {Roles(routine.ExecuteRoles.Where(r => r != RoleName.Public))};");
        }
    }

    private void Comments(Table table, Table? known)
    {
        string kind = table.Kind == RelationKind.View ? "view" : "table";
        if (table.Comment is { } comment && known?.Comment != comment)
        {
            Line($"comment on {kind} {SqlNames.Of(table.Name)} is {SqlNames.Literal(comment)};");
        }
        foreach (Column column in table.Columns.Where(c => c.Comment is not null && known?.Find(c.Name)?.Comment != c.Comment))
        {
            Line($"comment on column {SqlNames.Of(table.Name)}.{SqlNames.Name(column.Name)} is {SqlNames.Literal(column.Comment!)};");
        }
    }

    private void Publications()
    {
        foreach (Routine routine in Routines().Where(r => r.Comment is not null))
        {
            Line($"comment on function {Signature(routine)} is {SqlNames.Literal(routine.Comment!)};");
        }
        foreach (string name in catalog.Publications.Keys.Order(StringComparer.Ordinal))
        {
            Line($"create publication {SqlNames.Name(name)};");
            IEnumerable<string> tables = catalog.Publications[name].Select(SqlNames.Of).Order(StringComparer.Ordinal);
            if (tables.Any())
            {
                Line($"alter publication {SqlNames.Name(name)} add table {string.Join(", ", tables)};");
            }
        }
    }
}
