namespace Tenon.Core.Types;

/// <summary>A table, view, type or function as [source.]schema.name. Source "" is the main database.</summary>
internal readonly record struct QualifiedName(string Source, string Schema, string Name)
{
    public QualifiedName(string schema, string name)
        : this("", schema, name) { }

    public override string ToString() => Source.Length == 0 ? $"{Schema}.{Name}" : $"{Source}.{Schema}.{Name}";
}

/// <summary>A database role: anon, authenticated, service_role or one of the app's own.</summary>
internal readonly record struct RoleName(string Text)
{
    public static readonly RoleName Anon = new("anon");
    public static readonly RoleName Authenticated = new("authenticated");
    public static readonly RoleName Service = new("service_role");

    /// <summary>PostgreSQL's PUBLIC: every role is a member.</summary>
    public static readonly RoleName Public = new("public");

    public override string ToString() => Text;
}

/// <summary>Where a piece of SQL stands in its file: offset and length in characters, line and column from 1.</summary>
internal readonly record struct Span(int Start, int Length)
{
    public static readonly Span None = new(-1, 0);

    public int End => Start + Length;

    /// <summary>Line and column (both from 1) of the span's start in <paramref name="text"/>.</summary>
    public (int Line, int Column) LineAndColumn(string text)
    {
        int line = 1,
            lineStart = 0;
        for (int i = 0; i < Start && i < text.Length; i++)
        {
            if (text[i] == '\n')
            {
                line++;
                lineStart = i + 1;
            }
        }
        return (line, Math.Max(0, Start - lineStart) + 1);
    }
}
