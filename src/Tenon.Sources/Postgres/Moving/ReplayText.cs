using System.Collections.Immutable;
using Tenon.Core.Codegen;
using Tenon.Core.Errors;
using Tenon.Core.Schema;
using Tenon.Core.Schema.Parsing;
using Tenon.Core.Types;

namespace Tenon.Sources.Postgres.Moving;

/// <summary>
/// The texts of migrations as they can run in one transaction on a server that other databases share. A label added to an enum
/// cannot be used before the commit, so enums are made with all the labels they end up with; a role of the whole server that
/// is there already is not made again. What Tenon cannot read stays as it is.
/// </summary>
internal sealed class ReplayText
{
    private sealed record Edit(int Migration, Span At, Func<string> Text);

    private readonly List<Edit> edits = [];
    private readonly Dictionary<QualifiedName, List<string>> labels = [];
    private readonly IReadOnlySet<string> roles;

    private ReplayText(IReadOnlySet<string> roles) => this.roles = roles;

    /// <summary>Texts in the order of the migrations; <paramref name="roles"/> are those of the server.</summary>
    public static ImmutableArray<string> Of(IEnumerable<string> migrations, IReadOnlySet<string> roles)
    {
        var replay = new ReplayText(roles);
        string[] texts = [.. migrations];
        for (int i = 0; i < texts.Length; i++)
        {
            if (SchemaParser.ParseScript(texts[i]).TryGet(out ImmutableArray<SchemaStatement> statements, out _))
            {
                foreach (SchemaStatement statement in statements)
                {
                    replay.Note(i, statement);
                }
            }
        }
        return [.. texts.Select((text, i) => TransactionWords.Blank(replay.Edited(i, text)))];
    }

    private void Note(int migration, SchemaStatement statement)
    {
        switch (statement)
        {
            case CreateEnum made:
                List<string> own = [.. made.Labels];
                labels[Full(made.Name)] = own;
                string name = SqlNames.Of(made.Name);
                edits.Add(new Edit(migration, made.At, () => $"create type {name} as enum ({string.Join(", ", own.Select(SqlNames.Literal))})"));
                break;
            case AddEnumValue added when labels.TryGetValue(Full(added.Name), out List<string>? known):
                Insert(known, added);
                edits.Add(new Edit(migration, added.At, () => ""));
                break;
            case CreateRole role when roles.Contains(role.Name):
                edits.Add(new Edit(migration, role.At, () => ""));
                break;
        }
    }

    private static void Insert(List<string> known, AddEnumValue added)
    {
        if (known.Contains(added.Label))
        {
            return;
        }
        int neighbour = added.Before is { } before ? known.IndexOf(before) : added.After is { } after ? known.IndexOf(after) + 1 : known.Count;
        known.Insert(neighbour < 0 ? known.Count : neighbour, added.Label);
    }

    private static QualifiedName Full(QualifiedName name) => name.Schema.Length > 0 ? name : new QualifiedName("public", name.Name);

    private string Edited(int migration, string text)
    {
        // From the end, so that the places before stay right.
        foreach (Edit edit in edits.Where(e => e.Migration == migration).OrderByDescending(e => e.At.Start))
        {
            text = text[..edit.At.Start] + edit.Text() + text[(edit.At.Start + edit.At.Length)..];
        }
        return text;
    }
}
