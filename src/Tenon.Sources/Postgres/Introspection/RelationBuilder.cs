using System.Collections.Immutable;
using Tenon.Core.Catalog;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Parsing;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres.Introspection;

/// <summary>One relation while its parts come in from the system catalogs.</summary>
internal sealed class RelationBuilder(QualifiedName name, string kind)
{
    public ImmutableArray<Column>.Builder Columns { get; } = ImmutableArray.CreateBuilder<Column>();
    public ImmutableArray<KeyConstraint>.Builder Uniques { get; } = ImmutableArray.CreateBuilder<KeyConstraint>();
    public ImmutableArray<ForeignKey>.Builder ForeignKeys { get; } = ImmutableArray.CreateBuilder<ForeignKey>();
    public ImmutableArray<Policy>.Builder Policies { get; } = ImmutableArray.CreateBuilder<Policy>();
    public ImmutableArray<Trigger>.Builder Triggers { get; } = ImmutableArray.CreateBuilder<Trigger>();
    public Dictionary<(RoleName Role, Privileges Privilege), List<string>?> Grants { get; } = [];
    public KeyConstraint? PrimaryKey { get; set; }
    public bool RowSecurity { get; init; }
    public bool ForceRowSecurity { get; init; }
    public bool SecurityInvoker { get; init; }
    public bool NativePolicies { get; set; }
    public Privileges OnlyAsCaller { get; init; }
    public bool ChecksAskCaller { get; init; }
    public string? Comment { get; init; }
    public string? ViewText { get; init; }
    public TriggerEvents? Writes { get; init; }

    public QualifiedName Name { get; } = name;

    public Table Build()
    {
        // A materialized view holds rows of its own: it is read as a table.
        bool view = kind == "v";
        return new Table(Name, Columns.ToImmutable())
        {
            Kind = view ? RelationKind.View : RelationKind.Table,
            Partitioned = kind == "p",
            PrimaryKey = PrimaryKey,
            Uniques = Uniques.ToImmutable(),
            ForeignKeys = ForeignKeys.ToImmutable(),
            Triggers = Triggers.ToImmutable(),
            RowSecurity = RowSecurity,
            ForceRowSecurity = ForceRowSecurity,
            Policies = Policies.ToImmutable(),
            NativePolicies = NativePolicies,
            OnlyAsCaller = OnlyAsCaller,
            ChecksAskCaller = ChecksAskCaller,
            Grants = [.. Grants.Select(g => new Grant(g.Key.Role, g.Key.Privilege, [.. g.Value ?? []]))],
            Comment = Comment,
            // Of a materialized one it says which tables' keys its columns are.
            ViewQuery = ViewText is not null && SqlParser.ParseSelect(ViewText.TrimEnd(';', ' ', '\n')).TryGet(out Select query, out _) ? query : null,
            SecurityInvoker = SecurityInvoker,
            Writes = Writes,
        };
    }

    /// <summary>A whole relation's grant (column null) makes grants on its columns needless.</summary>
    public void Grant(RoleName role, Privileges privilege, string? column)
    {
        var key = (role, privilege);
        if (column is null)
        {
            Grants[key] = null;
        }
        else if (!Grants.TryGetValue(key, out List<string>? columns))
        {
            Grants[key] = [column];
        }
        else
        {
            columns?.Add(column);
        }
    }
}
