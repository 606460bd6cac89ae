using System.Text.Json;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Catalog;
using ClipFunctions.ModelCaching.Downloads;
using Microsoft.Extensions.Logging.Abstractions;

// Arguments: hub address, cache directory, a catalogue entry's file. Prints each stage when it begins, then the bundle's fingerprint.
Uri address = new(args[0]);
CatalogEntry entry = JsonSerializer.Deserialize<CatalogEntry>(await File.ReadAllBytesAsync(args[2]))!;
using HubClient hub = new(address);
HubModelSource source = new(ModelCatalog.Of(entry), new ModelCacheOptions { CacheDirectory = args[1] }, hub, new FileDownloader(hub), null, NullLogger<HubModelSource>.Instance);
ModelBundle bundle = await source.FindAsync(new ModelRequest(entry.Id), new StagePrinter(), CancellationToken.None)
    ?? throw new InvalidOperationException($"{entry.Id} was not found.");
Console.WriteLine($"made {bundle.Fingerprint}");

internal sealed class StagePrinter : IProgress<ModelProgress>
{
    private string _last = "";

    public void Report(ModelProgress value)
    {
        string stage = $"{value.Stage} {value.Item}";
        if (stage != _last)
        {
            _last = stage;
            Console.WriteLine(stage);
        }
    }
}
