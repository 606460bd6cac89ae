using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.Inference;
using ClipFunctions.ModelCaching;
using ClipFunctions.Pipeline.Configuration;
using Microsoft.Extensions.Configuration;

namespace ClipFunctions.Pipeline.Tests.Configuration;

public sealed class ModelCacheSettingsTests
{
    [Fact]
    public void HasTheStatedDefaults()
    {
        ModelCacheSettings settings = Read();
        ModelCacheOptions defaults = new();

        Assert.False(settings.PushBundles);
        Assert.Equal(
            (defaults.CacheDirectory, defaults.HubUrl, null, false, false, null, 0, 0),
            (settings.Cache.CacheDirectory, settings.Cache.HubUrl, settings.Cache.HubToken, settings.Cache.Offline, settings.Cache.KeepCheckpoints, settings.Cache.Precision, settings.Cache.MemoryBudgetMB, settings.Cache.IdleMinutes));
        Assert.Empty(settings.Cache.Preload);
        Assert.Empty(settings.Cache.AcceptedLicences);
    }

    [Fact]
    public void PicturesAreExactUnlessFastIsAskedFor()
    {
        Assert.Equal(PreprocessingMode.Exact, Read(("Clip:Images:MaxBytes", "1000")).Cache.Model.Preprocessing);
        ClipModelOptions model = Read(("Clip:Images:Mode", "fast"), ("Clip:Images:MaxBytes", "1000")).Cache.Model;
        Assert.Equal((PreprocessingMode.Fast, 1000), (model.Preprocessing, model.ImageLimits.MaxBytes));
        InvalidSettingException exception = Assert.Throws<InvalidSettingException>(() => Read(("Clip:Images:Mode", "quick")));
        Assert.Contains("'Clip:Images:Mode' is 'quick'; expected one of Exact, Fast", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TakesWhatIsSetOfTheDevice()
    {
        ClipModelOptions model = Read(
            ("Clip:Device", "cuda:1"),
            ("Clip:BatchShapes", "exact"),
            ("Clip:AllowSpinning", "true"),
            ("Clip:Cuda:MemoryLimitMB", "4096"),
            ("Clip:Cuda:GrowAsRequested", "false"),
            ("Clip:Cuda:ConvolutionSearch", "Exhaustive"),
            ("Clip:Cuda:UseTf32", "true"),
            ("Clip:CudaProviderLibrary", "/opt/libcuda_plugin.so"),
            ("Clip:Batching:MaxImages", "128")).Cache.Model;

        Assert.True(model.AllowSpinning);
        Assert.False(Read(("Clip:Device", "cpu")).Cache.Model.AllowSpinning);
        Assert.Equal(("cuda:1", BatchShapes.Exact, "/opt/libcuda_plugin.so", 128), (model.Device, model.BatchShapes, model.CudaProviderLibrary, model.MaxImageBatch));
        Assert.Equal(new CudaOptions { MemoryLimitMB = 4096, GrowAsRequested = false, ConvolutionSearch = ConvolutionSearch.Exhaustive, UseTf32 = true }, model.Cuda);
    }

    [Theory]
    [InlineData("Clip:BatchShapes", "round")]
    [InlineData("Clip:BatchShapes", "7")]
    [InlineData("Clip:Cuda:MemoryLimitMB", "-1")]
    [InlineData("Clip:Cuda:ConvolutionSearch", "quick")]
    public void NamesADeviceSettingThatCannotBeUsed(string key, string value)
    {
        InvalidSettingException exception = Assert.Throws<InvalidSettingException>(() => Read((key, value)));

        Assert.StartsWith(exception.Setting, key, StringComparison.Ordinal);
    }

    [Fact]
    public void TakesWhatIsSet()
    {
        ModelCacheSettings settings = Read(
            ("Clip:Offline", "True"),
            ("Clip:HubUrl", "https://mirror.example/hub"),
            ("Clip:HubToken", " hf_abc "),
            ("Clip:Catalog", "models.json"),
            ("Clip:AcceptedLicences:0", "apple-amlr"),
            ("Clip:AcceptedLicences:1", "CC-BY-NC-4.0"),
            ("Clip:KeepCheckpoints", "true"),
            ("Clip:Precision", "int8"),
            ("Clip:MemoryBudgetMB", "4096"),
            ("Clip:IdleMinutes", "2.5"),
            ("Clip:Preload", "ViT-B/32:fp16, demo"),
            ("Clip:PushBundles", "true"));

        Assert.True(settings.PushBundles);
        ModelCacheOptions options = settings.Cache;
        Assert.Equal(
            (true, "https://mirror.example/hub", "hf_abc", "models.json", true, ModelPrecision.DynamicInt8, 4096, 2.5),
            (options.Offline, options.HubUrl.AbsoluteUri, options.HubToken, options.Catalog, options.KeepCheckpoints, options.Precision, options.MemoryBudgetMB, options.IdleMinutes));
        Assert.Equal(["apple-amlr", "CC-BY-NC-4.0"], options.AcceptedLicences);
        Assert.Equal(["ViT-B/32:fp16", "demo"], options.Preload);
    }

    [Theory]
    [InlineData("Clip:Offline", "maybe", "true or false")]
    [InlineData("Clip:KeepCheckpoints", "2", "true or false")]
    [InlineData("Clip:PushBundles", "yes please", "true or false")]
    [InlineData("Clip:HubUrl", "huggingface.co", "https://host/")]
    [InlineData("Clip:HubUrl", "ftp://hub.example/", "https://host/")]
    [InlineData("Clip:HubUrl", "https://hub.example/?x=y", "without a query")]
    [InlineData("Clip:HubToken", "two words", "without spaces")]
    [InlineData("Clip:Precision", "fp8", "fp32, fp16 or int8")]
    [InlineData("Clip:MemoryBudgetMB", "-1", "whole number")]
    [InlineData("Clip:MemoryBudgetMB", "1.5", "whole number")]
    [InlineData("Clip:IdleMinutes", "NaN", "number")]
    [InlineData("Clip:IdleMinutes", "-0.1", "number")]
    [InlineData("Clip:Preload", "demo, a b", "'a b' is not a model id")]
    public void NamesTheSettingThatCannotBeUsed(string key, string value, string told)
    {
        InvalidSettingException exception = Assert.Throws<InvalidSettingException>(() => Read((key, value)));

        Assert.Equal(key, exception.Setting);
        Assert.Contains(key, exception.Message, StringComparison.Ordinal);
        Assert.Contains(told, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DoesNotRepeatASecret()
    {
        InvalidSettingException token = Assert.Throws<InvalidSettingException>(() => Read(("Clip:HubToken", "s3cret word")));
        InvalidSettingException address = Assert.Throws<InvalidSettingException>(() => Read(("Clip:HubUrl", "https://me:s3cret@hub.example/")));
        InvalidSettingException plain = Assert.Throws<InvalidSettingException>(() => Read(("Clip:HubUrl", "http://hub.example/"), ("Clip:HubToken", "s3cret")));

        Assert.All([token, address, plain], exception => Assert.DoesNotContain("s3cret", exception.ToString(), StringComparison.Ordinal));
        Assert.Equal("Clip:HubUrl", plain.Setting);
    }

    private static ModelCacheSettings Read(params (string Key, string Value)[] settings) => ModelCacheSettings.FromConfiguration(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build());
}
