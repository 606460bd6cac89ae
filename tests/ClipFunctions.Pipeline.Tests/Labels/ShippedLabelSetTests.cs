using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Pipeline.Configuration;
using ClipFunctions.Pipeline.Labels;
using ClipFunctions.Testing;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Tests.Labels;

public sealed class ShippedLabelSetTests
{
    [Theory]
    [InlineData("cifar10", 10, 0, "airplane")]
    [InlineData("cifar10", 10, 9, "truck")]
    [InlineData("cifar100", 100, 1, "aquarium fish")]
    [InlineData("cifar100", 100, 41, "lawn mower")]
    [InlineData("cifar100", 100, 99, "worm")]
    public void TheyStandBesideTheAssemblyInTheDataSetsOrder(string name, int count, int index, string label)
    {
        LabelSet set = Load(name);

        Assert.Equal(name, set.Name);
        Assert.Equal(count, set.Labels.Count);
        Assert.Equal(count, set.Labels.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(set.Labels.Order(StringComparer.Ordinal), set.Labels);
        Assert.Equal(label, set.Labels[index]);
        Assert.Equal(18, set.Templates.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(LabelSet.DefaultTemplate, set.Templates[0]);
        Assert.Equal($"a photo of the big {label}.", set.Prompt(17, index));
    }

    [Fact]
    public async Task TheyAreOffered()
    {
        using ClipModel model = await ClipModel.LoadAsync(ModelBundle.Open(RepositoryPaths.DemoBundle), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(["demo", "cifar10", "cifar100"], new LabelSetProvider(Options.Create(new ClipOptions())).All(model).Select(set => set.Name));
    }

    [Fact]
    public void TheyAreWrittenAsTheCodeWritesThem()
    {
        foreach (string name in (string[])["cifar10", "cifar100"])
        {
            Assert.Equal(Load(name).ToJson(), File.ReadAllBytes(Path(name)));
        }
    }

    private static LabelSet Load(string name) => LabelSet.Load(Path(name));

    private static string Path(string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "labels", $"{name}.json");
}
