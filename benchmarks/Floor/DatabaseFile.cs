using Microsoft.Data.Sqlite;

namespace Tenon.Benchmarks.Floor;

/// <summary>Writes the floor's database: one transaction, prepared inserts, indexes afterwards.</summary>
internal static class DatabaseFile
{
    private const string Items = """
        (id integer primary key, name text not null, category_id integer not null references categories (id),
         owner text not null, price integer not null, stock integer not null, active integer not null,
         created_at integer not null, note text)
        """;

    private const string Tables = $"""
        create table categories (id integer primary key, name text not null);
        create table items {Items};
        create table customers (id integer primary key, name text not null, city text not null);
        create table orders (id integer primary key, customer_id integer not null references customers (id),
                             placed_at integer not null, total integer not null);
        create table order_lines (id integer primary key, order_id integer not null references orders (id),
                                  item_id integer not null, quantity integer not null, price integer not null);
        """;

    private const string Indexes = """
        create index items_category_price on items (category_id, price desc, id);
        create index items_owner on items (owner);
        create index orders_customer on orders (customer_id);
        create index order_lines_order on order_lines (order_id);
        """;

    public static void Create(string path, int rows)
    {
        var data = new Dataset(rows);
        using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        Run(connection, "pragma journal_mode = wal; pragma synchronous = off; pragma cache_size = -200000");
        using (var transaction = connection.BeginTransaction())
        {
            Run(connection, Tables);
            AddNames(connection);
            AddItems(connection, "items", rows);
            AddOrders(connection, data);
            Run(connection, Indexes);
            transaction.Commit();
        }

        Run(connection, "analyze; pragma wal_checkpoint(truncate)");
    }

    private static void AddNames(SqliteConnection connection)
    {
        using var category = new Insert(connection, "categories", 2);
        for (long id = 0; id <= Dataset.Categories; id++)
        {
            category.Row(id, Dataset.Category(id));
        }

        using var customer = new Insert(connection, "customers", 3);
        for (long id = 1; id <= Dataset.Customers; id++)
        {
            customer.Row(id, Dataset.CustomerName(id), Dataset.CustomerCity(id));
        }
    }

    private static void AddItems(SqliteConnection connection, string table, int rows)
    {
        using var insert = new Insert(connection, table, 9);
        for (long id = 1; id <= rows; id++)
        {
            var r = Dataset.Item(id);
            insert.Row(
                r.Id, r.Name, r.CategoryId, r.Owner.ToString(), r.PriceCents, (long)r.Stock, r.Active ? 1L : 0L,
                r.CreatedMicros, (object?)r.Note ?? DBNull.Value);
        }
    }

    private static void AddOrders(SqliteConnection connection, Dataset data)
    {
        using var order = new Insert(connection, "orders", 4);
        using var line = new Insert(connection, "order_lines", 5);
        for (long id = 1; id <= Dataset.Orders; id++)
        {
            var r = Dataset.Order(id);
            order.Row(r.Id, r.CustomerId, r.PlacedMicros, r.TotalCents);
        }

        for (long id = 1; id <= Dataset.Orders * Dataset.LinesPerOrder; id++)
        {
            var r = data.OrderLine(id);
            line.Row(r.Id, r.OrderId, r.ItemId, (long)r.Quantity, r.PriceCents);
        }
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private sealed class Insert : IDisposable
    {
        private readonly SqliteCommand _command;

        public Insert(SqliteConnection connection, string table, int columns)
        {
            _command = connection.CreateCommand();
            var names = Enumerable.Range(1, columns).Select(i => "$p" + i).ToArray();
            _command.CommandText = $"insert into {table} values ({string.Join(", ", names)})";
            foreach (var name in names)
            {
                _command.Parameters.Add(new SqliteParameter { ParameterName = name });
            }

            _command.Prepare();
        }

        public void Row(params ReadOnlySpan<object> values)
        {
            for (var i = 0; i < values.Length; i++)
            {
                _command.Parameters[i].Value = values[i];
            }

            _command.ExecuteNonQuery();
        }

        public void Dispose() => _command.Dispose();
    }
}
