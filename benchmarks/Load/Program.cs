using Tenon.Benchmarks.Load;

if (args.Contains("--help"))
{
    Console.WriteLine(BenchOptions.Help);
    return 0;
}

try
{
    var options = BenchOptions.Parse(args);
    using var bench = new Bench(options);
    return bench.Run();
}
catch (Exception e) when (e is ArgumentException or FormatException or InvalidOperationException)
{
    Console.Error.WriteLine("bench: " + e.Message);
    return 1;
}
