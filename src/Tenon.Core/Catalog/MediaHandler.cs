using Tenon.Core.Types;

namespace Tenon.Core.Catalog;

/// <summary>
/// An aggregate of the database that makes a media type of rows: its result is a domain named after it (PostgREST's custom media
/// types), or it is PostGIS' ST_AsGeoJSON, of which GeoJSON's collection is made.
/// </summary>
internal sealed record MediaHandler(QualifiedName Function, string Media, LogicalType Result)
{
    public const string GeoJson = "application/geo+json";

    /// <summary>Any media type; what it makes is <see cref="Bytes"/> unless response.headers says more.</summary>
    public const string Any = "*/*";

    public const string Bytes = "application/octet-stream";

    /// <summary>It takes rows of this table alone; null: of any.</summary>
    public QualifiedName? RowsOf { get; init; }

    /// <summary>It makes one feature of a row.</summary>
    public bool MakesFeatures { get; init; }

    public bool Takes(QualifiedName? table) => RowsOf is null || RowsOf == table;
}
