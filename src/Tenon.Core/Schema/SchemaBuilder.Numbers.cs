using Tenon.Core.Catalog;
using Tenon.Core.Errors;
using Tenon.Core.Expressions;
using Tenon.Core.Expressions.Checking;
using Tenon.Core.Types;

namespace Tenon.Core.Schema;

// The numbers of identity and serial columns: start, increment, restart, setval. A sequence has no name of its own here: it
// is found by the one PostgreSQL would have given it, table_column_seq.
internal sealed partial class SchemaBuilder
{
    private void AlterNumbers(Table table, AlterColumnNumbers alter)
    {
        Column column = ColumnOf(table, alter.Column, here);
        if (column.Identity == IdentityKind.None)
        {
            throw SchemaFailure.Of(
                ErrorCodes.WrongObjectType,
                $"column \"{column.Name}\" of relation \"{table.Name.Name}\" is not an identity column",
                here
            );
        }
        Column changed = column with
        {
            IdentityStart = alter.Start ?? column.IdentityStart,
            IdentityIncrement = alter.Increment ?? column.IdentityIncrement,
        };
        Table after = table with { Columns = table.Columns.Replace(column, changed) };
        Put(after);
        Emit(new IdentityRuleStep(after, column, changed));
        if (alter.Restarts)
        {
            long from = alter.RestartWith ?? changed.IdentityStart;
            EmitNumber(after, changed, new ConstantExpr(Datum.Of(from)) { Type = LogicalType.Int8 }, false);
        }
    }

    private void ApplySetSequence(SetSequence set)
    {
        (Table Table, Column Column)? found = set.Column is null ? BySequence(set.Sequence) : ByColumn(set.Sequence, set.Column);
        if (found is not { } known)
        {
            throw SchemaFailure.Of(
                ErrorCodes.UndefinedTable,
                $"relation \"{set.Sequence}\" does not exist",
                here,
                "Write pg_get_serial_sequence('table', 'column') with an identity or serial column."
            );
        }
        EmitNumber(known.Table, known.Column, set.Value, set.IsCalled);
    }

    private void EmitNumber(Table table, Column column, Expr value, bool isCalled)
    {
        var query = new Select(new SelectCore([new SelectItem(value, null)])) { At = here };
        Select bound = Require(new TypeChecker(catalog).CheckSelect(query));
        if (bound.Output is not [{ Type.IsInteger: true }])
        {
            throw SchemaFailure.Of(ErrorCodes.DatatypeMismatch, "the value of a sequence must be a whole number", here, "Cast it to bigint.");
        }
        Emit(new IdentityValueStep(table, column, bound, isCalled));
    }

    private (Table, Column)? ByColumn(string table, string column) =>
        FindTable(NameOf(table)) is { } known && known.Find(column) is { Identity: not IdentityKind.None } numbered ? (known, numbered) : null;

    private (Table, Column)? BySequence(string sequence)
    {
        QualifiedName name = NameOf(sequence);
        foreach (Table table in catalog.Tables.Values.Where(t => name.Schema.Length == 0 || t.Name.Schema == name.Schema))
        {
            foreach (Column column in table.Columns.Where(c => c.Identity != IdentityKind.None))
            {
                if (ObjectNames.Choose(table.Name.Name, column.Name, "seq", _ => false) == name.Name)
                {
                    return (table, column);
                }
            }
        }
        return null;
    }

    /// <summary>A relation's name inside a string: schema.name, either part quoted or not.</summary>
    private static QualifiedName NameOf(string text)
    {
        string[] parts = [.. text.Split('.').Select(p => p is ['"', .. var inner, '"'] ? inner : p.ToLowerInvariant())];
        return parts.Length > 1 ? new QualifiedName(parts[^2], parts[^1]) : new QualifiedName("", parts[0]);
    }
}
