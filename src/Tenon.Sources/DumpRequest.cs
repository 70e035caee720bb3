using Tenon.Core.Types;

namespace Tenon.Sources;

/// <summary>What a dump is to hold; of some tables the rows are left out.</summary>
internal sealed record DumpRequest(bool Schema, bool Rows, IReadOnlyCollection<QualifiedName> WithoutRows);
