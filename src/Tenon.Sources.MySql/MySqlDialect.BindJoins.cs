using System.Collections.Immutable;
using System.Globalization;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Policies;
using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.MySql;

// Bind joins: the keys of all parents as rows, or one parent at a time.
internal partial class MySqlDialect
{
    private ImmutableArray<LogicalType> keyTypes = [];

    /// <summary>Where in the text values of one parent go: a part of its key, or -1 for its ordinal. Null: it is for all parents.</summary>
    private List<ParentMark>? marks;
    private IndexHint? hint;

    internal readonly record struct ParentMark(int Position, int Part);

    /// <summary>The table whose rows are read by one of these indexes and by no other way.</summary>
    internal sealed record IndexHint(string Range, ImmutableArray<string> Indexes);

    /// <summary>The statement of a bind join for one parent; its values go where the marks are.</summary>
    public static (MySqlCompiled Statement, List<ParentMark> Marks) CompileOneParent(Select select, ImmutableArray<LogicalType> keyTypes, IndexHint hint, MySqlFacts facts)
    {
        var dialect = new MySqlDialect(facts) { keyTypes = keyTypes, marks = [], hint = hint };
        dialect.Learn(select);
        dialect.Write(MySqlOutward.OfOneParent(select));
        return (dialect.Finished(select.Output), dialect.marks);
    }

    /// <summary>Without it the database may follow the order's index instead, past the rows of all other parents.</summary>
    protected override void WriteTableHint(GuardedTable table)
    {
        if (hint is null || hint.Range != table.Alias)
        {
            return;
        }
        Syntax(" force index (");
        for (int i = 0; i < hint.Indexes.Length; i++)
        {
            Syntax(i > 0 ? ", " : "").Identifier(hint.Indexes[i]);
        }
        Syntax(")");
    }

    private void WriteOrdinal(ParentOrdinalExpr ordinal)
    {
        if (marks is not null)
        {
            marks.Add(new ParentMark(Length, -1));
            return;
        }
        Syntax("(").Identifier(ordinal.Alias).Syntax(".\"n\" - 1)");
    }

    protected override void WriteOtherFrom(FromItem from)
    {
        if (from is not ParentKeysFrom keys)
        {
            base.WriteOtherFrom(from);
            return;
        }
        keyTypes = keys.Types;
        Syntax("json_table(");
        Parameter(SqlParameter.KeysOfParent, LogicalType.Json);
        Syntax(", '$[*]' columns(\"n\" for ordinality");
        for (int i = 0; i < keys.Types.Length; i++)
        {
            Syntax(", ").Identifier(KeyName(i)).Syntax(" ").Syntax(StoredKey(keys.Types[i])).Syntax(" path ");
            Literal(keys.Types.Length == 1 ? "$" : string.Create(CultureInfo.InvariantCulture, $"$[{i}]"));
        }
        Syntax(")) as ").Identifier(keys.Alias);
    }

    private static string KeyName(int index) => string.Create(CultureInfo.InvariantCulture, $"k{index}");

    /// <summary>The column type of a key as the parent's row wrote it: dates and times as integers since 2000.</summary>
    private static string StoredKey(LogicalType type) =>
        type.Kind switch
        {
            TypeKind.Boolean or TypeKind.Int2 or TypeKind.Int4 or TypeKind.Int8 or TypeKind.Date or TypeKind.Timestamp or TypeKind.TimestampTz => "bigint",
            TypeKind.Numeric => "decimal(65,30)",
            TypeKind.Text or TypeKind.Varchar or TypeKind.Enum => "longtext character set utf8mb4 collate utf8mb4_nopad_bin",
            TypeKind.Uuid => "varchar(36) character set utf8mb4",
            _ => throw Refusals.NotSupported($"embedding by a key of type {type.SqlName} on this source").ToException(),
        };

    private void WriteKeyEqual(KeyEqualExpr key)
    {
        if (key.Right is not ParentKeyExpr parent)
        {
            WriteInfix("=", key.Left, key.Right);
            return;
        }
        LogicalType type = keyTypes[parent.Index];
        ColumnFacts? column = FactsOf(key.Left);
        bool text = type.IsString && column is not null;
        Syntax("(");
        // A foreign key compares as its column does; a column that cannot hold every character compares by bytes.
        bool own = text && column!.IsUtf8;
        if (text && !own)
        {
            WriteExact(key.Left);
        }
        else
        {
            Write(key.Left);
        }
        Syntax(" = ");
        WriteParentKey(parent, type);
        Syntax(own ? " collate " : "").Syntax(own ? Known(column!.Collation!) : "").Syntax(")");
    }

    private void WriteWithin(WithinExpr within)
    {
        // Not limit + offset, which may leave the range of the type.
        Syntax("(");
        Write(within.Place);
        if (within.Offset is { } offset)
        {
            Syntax(" - ");
            Write(offset);
        }
        Syntax(" <= ");
        Write(within.Limit);
        Syntax(")");
    }

    private void WriteParentKey(ParentKeyExpr key, LogicalType type)
    {
        bool days = type.Kind == TypeKind.Date;
        bool micros = type.Kind is TypeKind.Timestamp or TypeKind.TimestampTz;
        bool exact = type.Kind == TypeKind.Numeric && marks is not null;
        bool cast = exact || type.Kind == TypeKind.Uuid;
        Syntax(days ? "adddate('2000-01-01', " : micros ? "timestampadd(microsecond, " : cast ? "cast(" : "");
        if (marks is not null)
        {
            marks.Add(new ParentMark(Length, key.Index));
        }
        else
        {
            Identifier(key.Alias).Syntax(".").Identifier(KeyName(key.Index));
        }
        Syntax(days ? ")" : micros ? ", timestamp'2000-01-01 00:00:00')" : exact ? " as decimal(65,30))" : cast ? " as uuid)" : "");
    }
}
