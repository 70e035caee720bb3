using Tenon.Core.Sql;
using Tenon.Core.Types;

namespace Tenon.Sources.Sqlite;

/// <summary>The dialect for statements that are not queries: gives its subclasses the appends and the finished statement.</summary>
internal abstract class SqliteDialectText : SqliteDialect
{
    protected SqliteCompiled Compiled(LogicalType[]? columns = null) =>
        new(Finish(), columns ?? [], [.. (columns ?? []).Select(SqliteSource.Form)]) { Calls = Calls };
}
