using Npgsql;
using NpgsqlTypes;

namespace Tenon.Benchmarks.Floor.Postgres;

/// <summary>Copies the rows into the tables that the migrations of benchmarks/app have made.</summary>
internal static class PostgresRows
{
    public static async Task LoadAsync(NpgsqlDataSource database, int rows)
    {
        var data = new Dataset(rows);
        await using var connection = await database.OpenConnectionAsync();
        await using (var copy = await connection.BeginBinaryImportAsync("copy categories (id, name) from stdin (format binary)"))
        {
            for (long id = 0; id <= Dataset.Categories; id++)
            {
                await copy.WriteRowAsync(CancellationToken.None, id, Dataset.Category(id));
            }

            await copy.CompleteAsync();
        }

        await using (var copy = await connection.BeginBinaryImportAsync("copy customers (id, name, city) from stdin (format binary)"))
        {
            for (long id = 1; id <= Dataset.Customers; id++)
            {
                await copy.WriteRowAsync(CancellationToken.None, id, Dataset.CustomerName(id), Dataset.CustomerCity(id));
            }

            await copy.CompleteAsync();
        }

        await CopyItemsAsync(connection, rows);
        await CopyOrdersAsync(connection, data);
        await using var analyze = new NpgsqlCommand("vacuum analyze", connection);
        await analyze.ExecuteNonQueryAsync();
    }

    private static async Task CopyItemsAsync(NpgsqlConnection connection, int rows)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            "copy items (id, name, category_id, owner, price, stock, active, created_at, note) from stdin (format binary)");
        for (long id = 1; id <= rows; id++)
        {
            var r = Dataset.Item(id);
            await copy.StartRowAsync();
            await copy.WriteAsync(r.Id);
            await copy.WriteAsync(r.Name);
            await copy.WriteAsync(r.CategoryId);
            await copy.WriteAsync(r.Owner);
            await copy.WriteAsync(Stored.Money(r.PriceCents));
            await copy.WriteAsync(r.Stock);
            await copy.WriteAsync(r.Active);
            await copy.WriteAsync(Stored.Instant(r.CreatedMicros), NpgsqlDbType.TimestampTz);
            await (r.Note is null ? copy.WriteNullAsync() : copy.WriteAsync(r.Note));
        }

        await copy.CompleteAsync();
    }

    private static async Task CopyOrdersAsync(NpgsqlConnection connection, Dataset data)
    {
        await using (var copy = await connection.BeginBinaryImportAsync(
            "copy orders (id, customer_id, placed_at, total) from stdin (format binary)"))
        {
            for (long id = 1; id <= Dataset.Orders; id++)
            {
                var r = Dataset.Order(id);
                await copy.StartRowAsync();
                await copy.WriteAsync(r.Id);
                await copy.WriteAsync(r.CustomerId);
                await copy.WriteAsync(Stored.Instant(r.PlacedMicros), NpgsqlDbType.TimestampTz);
                await copy.WriteAsync(Stored.Money(r.TotalCents));
            }

            await copy.CompleteAsync();
        }

        await using (var copy = await connection.BeginBinaryImportAsync(
            "copy order_lines (id, order_id, item_id, quantity, price) from stdin (format binary)"))
        {
            for (long id = 1; id <= Dataset.Orders * Dataset.LinesPerOrder; id++)
            {
                var r = data.OrderLine(id);
                await copy.WriteRowAsync(CancellationToken.None, r.Id, r.OrderId, r.ItemId, r.Quantity, Stored.Money(r.PriceCents));
            }

            await copy.CompleteAsync();
        }
    }
}
