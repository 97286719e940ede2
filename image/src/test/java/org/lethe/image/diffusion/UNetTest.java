package org.lethe.image.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.laws.Growth;
import org.lethe.torch.Devices;
import org.lethe.torch.ModelFiles;
import org.lethe.torch.Optimiser;
import org.lethe.torch.Parameters;
import org.lethe.torch.Tensors;
import org.lethe.torch.UpdateRule;

class UNetTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    @AfterAll
    static void count() {
        System.out.println(Goldens.counted());
    }

    private static UNet load(String name) throws IOException {
        return UNet.load(Goldens.of("diffusion/" + name), Device.CPU, ScalarType.Float);
    }

    private static UNet.Condition condition(Goldens golden, Tensor states) {
        return golden.has("in.time_ids")
                ? new UNet.Condition(
                        Optional.of(states),
                        Optional.of(golden.tensor("in.text_embeds")),
                        Optional.of(golden.tensor("in.time_ids")))
                : UNet.Condition.of(states);
    }

    @ParameterizedTest
    @ValueSource(strings = {"unet-sd15", "unet-sd2", "unet-sdxl"})
    void everyBlockAndEverySizeIsThatOfTheReference(String name) throws IOException {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                var golden = Goldens.in("diffusion/" + name)) {
            UNet net = load(name);
            Tensor times = golden.ids("in.timestep");
            UNet.Condition condition = condition(golden, golden.tensor("in.encoder_hidden_states"));
            List<String> seen = new ArrayList<>();
            Tensor first = net.predict(golden.tensor("in.sample.0"), times, condition, (part, output) -> {
                golden.same(name, "out." + part, output, 5e-5);
                seen.add(part);
            });
            golden.same(name, "out.sample.0", first, 5e-5);
            assertEquals(name.equals("unet-sd15") ? 12 : 8, seen.size());
            for (int n = 0; golden.has("in.sample." + n); n++) {
                golden.same(
                        name, "out.sample." + n, net.predict(golden.tensor("in.sample." + n), times, condition), 5e-5);
            }
        }
    }

    private static Tensor loss(UNet net, Goldens golden, Tensor sample, Tensor states) {
        return net.predict(sample, golden.ids("in.timestep"), condition(golden, states))
                .sub(golden.tensor("in.target"))
                .square()
                .mean();
    }

    @ParameterizedTest
    @ValueSource(strings = {"unet-sd15", "unet-sd2", "unet-sdxl"})
    void gradientsAndAStepOfAdamWAreThoseOfTheReference(String name) throws IOException {
        JsonNode said = Goldens.json("diffusion/" + name + "/golden.json");
        try (var _ = new PointerScope();
                var golden = Goldens.in("diffusion/" + name)) {
            UNet net = load(name);
            assertEquals(said.path("parameters").asLong(), net.layers().size());
            net.layers().parameters().train(_ -> true);
            Optimiser optimiser =
                    new Optimiser(new UpdateRule.AdamW(1e-4, 0.01), net.layers().parameters(), Optimiser.ALL);
            Tensor sample = golden.tensor("in.sample.0").requires_grad_(true);
            Tensor states = golden.tensor("in.encoder_hidden_states").requires_grad_(true);
            Tensor loss = loss(net, golden, sample, states);
            assertEquals(said.path("loss").asDouble(), loss.item_double(), 2e-5);
            loss.backward();
            golden.same(name, "grad_input.sample", sample.grad(), 2e-5);
            golden.same(name, "grad_input.encoder_hidden_states", states.grad(), 2e-5);
            int all = golden.sameGradients("grad.", net.layers().parameters(), 2e-5);
            assertEquals(net.layers().shapes().size(), all);
            optimiser.step(1);
            int stepped = 0;
            for (String key : golden.names()) {
                if (key.startsWith("adamw.1.")) {
                    String parameter = key.substring("adamw.1.".length());
                    float[] gradient = golden.floats("grad." + parameter);
                    golden.same(
                            name,
                            key,
                            Tensors.floats(
                                    net.layers().parameters().tensor(parameter).detach()),
                            2e-5,
                            n -> Math.abs(gradient[n]) >= 1e-4,
                            2e-4);
                    stepped++;
                }
            }
            assertTrue(stepped > 10);
            assertEquals(
                    said.path("loss_after").asDouble(),
                    loss(net, golden, sample, states).item_double(),
                    5e-5);
        }
    }

    @Test
    void theUnconditionalOneIsThatOfTheReference() throws IOException {
        try (var _ = new PointerScope();
                var golden = Goldens.in("diffusion/unet-ddpm")) {
            UNet net = load("unet-ddpm");
            net.layers().parameters().train(_ -> true);
            Tensor sample = golden.tensor("in.sample").requires_grad_(true);
            Tensor out = net.predict(sample, golden.ids("in.timestep"));
            golden.same("ddpm", "out.sample", out, 5e-5);
            Tensor loss = out.square().mean();
            assertEquals(
                    Goldens.json("diffusion/unet-ddpm/golden.json").path("loss").asDouble(), loss.item_double(), 2e-5);
            loss.backward();
            golden.same("ddpm", "grad_input.sample", sample.grad(), 2e-5);
            assertEquals(208, golden.sameGradients("grad.", net.layers().parameters(), 2e-5));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sd15-unet", "sd21-unet"})
    void namesAndShapesOfFullSizesAreThoseOfTheReference(String name) {
        Goldens.sameShapes(
                name,
                UNet.shapes(UNet.Config.parse(
                        Goldens.json("shapes/" + name + ".json").path("config").toString(), name)));
    }

    @Test
    void whatItCannotCarryOutIsRefused() throws IOException {
        for (String[] bad : new String[][] {
            {
                "\"class_embed_type\": \"timestep\"",
                "class_embed_type is \"timestep\", expected it absent, as it is not known here"
            },
            {"\"num_class_embeds\": 1000", "num_class_embeds is 1000, expected it absent, as it is not known here"},
            {
                "\"time_embedding_type\": \"fourier\"",
                "time_embedding_type is \"fourier\", expected positional, as nothing else is supported"
            },
            {
                "\"attention_head_dim\": [8, 8]",
                "attention_head_dim is [8,8], expected one number for each of the 4 levels"
            },
            {
                "\"down_block_types\": [\"ResnetDownsampleBlock2D\"]",
                "down_block_types is ResnetDownsampleBlock2D, expected CrossAttnDownBlock2D or DownBlock2D"
            },
            {
                "\"_class_name\": \"UNet3DConditionModel\"",
                "_class_name is \"UNet3DConditionModel\", expected one of UNet2DConditionModel, UNet2DModel"
            },
        }) {
            LetheException wrong =
                    assertThrows(LetheException.class, () -> UNet.Config.parse("{" + bad[0] + "}", "unet/config.json"));
            assertEquals("unet/config.json: " + bad[1], wrong.getMessage());
        }
        try (var _ = new PointerScope()) {
            UNet net = load("unet-sd2");
            IllegalArgumentException missing = assertThrows(
                    IllegalArgumentException.class, () -> net.predict(torch.zeros(1, 4, 8, 8), torch.zeros(1)));
            assertEquals("text is absent, expected states of a text", missing.getMessage());
            IllegalArgumentException wide = assertThrows(
                    IllegalArgumentException.class,
                    () -> net.predict(
                            torch.zeros(1, 4, 8, 8), torch.zeros(1), UNet.Condition.of(torch.zeros(1, 7, 32))));
            assertEquals("shape of states of the text is [1, 7, 32], expected [1, any, 24]", wide.getMessage());
        }
    }

    @Test
    void savedAndHalvedWeightsAreReadAgain() throws IOException {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                var golden = Goldens.in("diffusion/unet-sd2")) {
            UNet net = load("unet-sd2");
            Files.copy(Goldens.of("diffusion/unet-sd2/config.json"), folder.resolve("config.json"));
            net.layers().save(folder.resolve("diffusion_pytorch_model.safetensors"));
            UNet again = UNet.load(folder, Device.CPU, ScalarType.Float);
            net.layers()
                    .parameters()
                    .all()
                    .forEach((name, tensor) -> assertArrayEquals(
                            Tensors.floats(tensor),
                            Tensors.floats(again.layers().parameters().tensor(name)),
                            name));

            UNet half = new UNet(net.config(), Device.CPU, ScalarType.Half);
            half.layers().load(folder, Optional::of);
            Files.delete(folder.resolve("diffusion_pytorch_model.safetensors"));
            half.layers().save(folder.resolve("diffusion_pytorch_model.fp16.safetensors"));
            UNet variant = UNet.load(folder, Device.CPU, ScalarType.Float);
            Tensor states = golden.tensor("in.encoder_hidden_states");
            Tensor out =
                    variant.predict(golden.tensor("in.sample.0"), golden.ids("in.timestep"), UNet.Condition.of(states));
            golden.same("half weights", "out.sample.0", out, 2e-2);
        }
    }

    @Test
    void widerAndNarrowerArithmeticAgreesWithinItsRounding() throws IOException {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard();
                var golden = Goldens.in("diffusion/unet-sd2")) {
            for (ScalarType type : List.of(ScalarType.Double, ScalarType.BFloat16)) {
                UNet net = UNet.load(Goldens.of("diffusion/unet-sd2"), Device.CPU, type);
                Tensor out = net.predict(
                        golden.tensor("in.sample.0").to(type),
                        golden.ids("in.timestep"),
                        UNet.Condition.of(
                                golden.tensor("in.encoder_hidden_states").to(type)));
                assertEquals(type, out.scalar_type().intern());
                golden.same("type", "out.sample.0", out, type == ScalarType.Double ? 5e-6 : 0.1);
            }
        }
    }

    @Test
    void secondDerivativesExist() throws IOException {
        try (var _ = new PointerScope();
                var golden = Goldens.in("diffusion/unet-sd2")) {
            UNet net = load("unet-sd2");
            Tensor sample = golden.tensor("in.sample.0").requires_grad_(true);
            Tensor loss = loss(net, golden, sample, golden.tensor("in.encoder_hidden_states"));
            TensorVector first = torch.grad(
                    new TensorVector(loss),
                    new TensorVector(sample),
                    new TensorVector(),
                    new BoolOptional(true),
                    true,
                    false);
            first.get(0).square().sum().backward();
            assertTrue(sample.grad().abs().max().item_double() > 0);
        }
    }

    @Test
    void weightsThatDoNotFitAreNamed() throws IOException {
        try (var _ = new PointerScope()) {
            UNet net = load("unet-sd2");
            Files.copy(Goldens.of("diffusion/unet-sd2/config.json"), folder.resolve("config.json"));
            Map<String, Tensor> all =
                    new LinkedHashMap<>(net.layers().parameters().all());
            all.remove("conv_in.bias");
            all.put("conv_in.weight", torch.zeros(16, 4, 3, 1));
            all.put("conv_inn.bias", torch.zeros(16));
            ModelFiles.write(folder.resolve("diffusion_pytorch_model.safetensors"), Parameters.of(all), Map.of());
            LetheException wrong =
                    assertThrows(LetheException.class, () -> UNet.load(folder, Device.CPU, ScalarType.Float));
            assertTrue(wrong.getMessage().contains("\"conv_in.bias\" [16] is missing"), wrong.getMessage());
            assertTrue(
                    wrong.getMessage().contains("\"conv_in.weight\" has shape [16, 4, 3, 1], expected [16, 4, 3, 3]"),
                    wrong.getMessage());
            assertTrue(wrong.getMessage().contains("\"conv_inn.bias\" is surplus"), wrong.getMessage());
        }
    }

    @Test
    void manyPassesAndStepsLeaveNoMemoryBehind() throws IOException {
        try (var _ = new PointerScope();
                var golden = Goldens.in("diffusion/unet-sd2")) {
            UNet net = load("unet-sd2");
            net.layers().parameters().train(_ -> true);
            Tensor sample = golden.tensor("in.sample.0");
            Tensor states = golden.tensor("in.encoder_hidden_states");
            passes(net, golden, sample, states, 15); // allocators settle
            long grown = Growth.least(Pointer::physicalBytes, () -> passes(net, golden, sample, states, 15));
            // a step makes some 3 MB of tensors, of which none may stay
            assertTrue(grown < 12L << 20, grown + " bytes");
        }
    }

    private static void passes(UNet net, Goldens golden, Tensor sample, Tensor states, int count) {
        for (int n = 0; n < count; n++) {
            try (var _ = new PointerScope()) {
                loss(net, golden, sample, states).backward();
                try (var _ = new NoGradGuard()) {
                    net.predict(sample, golden.ids("in.timestep"), condition(golden, states));
                }
            }
        }
    }
}
