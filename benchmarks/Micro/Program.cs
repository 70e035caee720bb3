// Tenon's own time inside one process, without HTTP and without the database: what a request costs from its text to its
// SQL, and what its token costs. Prints one line per measurement: name, microseconds, allocated bytes, tab-separated.
//   Tenon.Benchmarks APP-FOLDER     (a folder with the benchmark's migrations)
using System.Globalization;
using Tenon.Benchmarks.Micro;

using var folder = new TemporaryFolder();
await using var server = await Server.OpenAsync(args[0], folder.Path);
foreach (var (name, operation) in Measurements.Of(server))
{
    var cost = Clock.Measure(operation);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}\t{cost.Micros:0.00}\t{cost.Bytes:0}"));
}

return 0;
