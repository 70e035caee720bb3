using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Tenon.Benchmarks.Floor;

/// <summary>The EF Core model of the floor's tables.</summary>
internal sealed class FloorContext(DbContextOptions<FloorContext> options) : DbContext(options)
{
    public DbSet<ItemEntity> Items => Set<ItemEntity>();

    public DbSet<OrderEntity> Orders => Set<OrderEntity>();

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<ItemEntity>(item =>
        {
            item.ToTable("items");
            item.Property(i => i.Id).HasColumnName("id").ValueGeneratedOnAdd();
            item.Property(i => i.Name).HasColumnName("name");
            item.Property(i => i.CategoryId).HasColumnName("category_id");
            item.Property(i => i.Owner).HasColumnName("owner");
            item.Property(i => i.Price).HasColumnName("price");
            item.Property(i => i.Stock).HasColumnName("stock");
            item.Property(i => i.Active).HasColumnName("active");
            item.Property(i => i.CreatedAt).HasColumnName("created_at");
            item.Property(i => i.Note).HasColumnName("note");
        });
        model.Entity<CustomerEntity>(customer =>
        {
            customer.ToTable("customers");
            customer.Property(c => c.Id).HasColumnName("id");
            customer.Property(c => c.Name).HasColumnName("name");
            customer.Property(c => c.City).HasColumnName("city");
        });
        model.Entity<OrderEntity>(order =>
        {
            order.ToTable("orders");
            order.Property(o => o.Id).HasColumnName("id");
            order.Property(o => o.CustomerId).HasColumnName("customer_id");
            order.Property(o => o.PlacedAt).HasColumnName("placed_at");
            order.Property(o => o.Total).HasColumnName("total");
            order.HasOne(o => o.Customer).WithMany().HasForeignKey(o => o.CustomerId);
            order.HasMany(o => o.Lines).WithOne().HasForeignKey(l => l.OrderId);
        });
        model.Entity<OrderLineEntity>(line =>
        {
            line.ToTable("order_lines");
            line.Property(l => l.Id).HasColumnName("id");
            line.Property(l => l.OrderId).HasColumnName("order_id");
            line.Property(l => l.ItemId).HasColumnName("item_id");
            line.Property(l => l.Quantity).HasColumnName("quantity");
            line.Property(l => l.Price).HasColumnName("price");
        });
    }

    // PostgreSQL has these types; SQLite holds them as Stored says.
    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        if (Database.IsSqlite())
        {
            conventions.Properties<Guid>().HaveConversion<StoredGuid>();
            conventions.Properties<decimal>().HaveConversion<StoredMoney>();
            conventions.Properties<DateTimeOffset>().HaveConversion<StoredInstant>();
        }
    }

    private sealed class StoredGuid() : ValueConverter<Guid, string>(g => g.ToString(), s => Guid.Parse(s));

    private sealed class StoredMoney() : ValueConverter<decimal, long>(m => Stored.Cents(m), c => Stored.Money(c));

    private sealed class StoredInstant() : ValueConverter<DateTimeOffset, long>(t => Stored.Micros(t), m => Stored.Instant(m));
}

internal sealed class ItemEntity
{
    public long Id { get; set; }
    public required string Name { get; set; }
    public long CategoryId { get; set; }
    public Guid Owner { get; set; }
    public decimal Price { get; set; }
    public int Stock { get; set; }
    public bool Active { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public string? Note { get; set; }

    public Item ToItem() => new(Id, Name, CategoryId, Owner, Price, Stock, Active, CreatedAt, Note);
}

internal sealed class CustomerEntity
{
    public long Id { get; set; }
    public required string Name { get; set; }
    public required string City { get; set; }
}

internal sealed class OrderEntity
{
    public long Id { get; set; }
    public long CustomerId { get; set; }
    public DateTimeOffset PlacedAt { get; set; }
    public decimal Total { get; set; }
    public CustomerEntity Customer { get; set; } = null!;
    public List<OrderLineEntity> Lines { get; set; } = [];
}

internal sealed class OrderLineEntity
{
    public long Id { get; set; }
    public long OrderId { get; set; }
    public long ItemId { get; set; }
    public int Quantity { get; set; }
    public decimal Price { get; set; }
}
