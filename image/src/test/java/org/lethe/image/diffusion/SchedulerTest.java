package org.lethe.image.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lethe.Device;
import org.lethe.LetheException;
import org.lethe.image.diffusion.NoiseSchedule.Curve;
import org.lethe.image.diffusion.NoiseSchedule.Prediction;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Devices;
import org.lethe.torch.Tensors;

class SchedulerTest {
    @BeforeEach
    void ready() {
        Devices.ready(Device.CPU);
    }

    @AfterAll
    static void count() {
        System.out.println(Goldens.counted());
    }

    static Stream<String> trajectories() {
        List<String> names = new ArrayList<>();
        Goldens.json("schedulers/golden.json").path("trajectories").fieldNames().forEachRemaining(names::add);
        assertEquals(40, names.size());
        return names.stream();
    }

    private static Tensor network(Tensor input, double time) {
        return input.mul(new Scalar(0.5)).add(new Scalar(time / 1000)).tanh();
    }

    private static Scheduler read(JsonNode said, String name) {
        ObjectNode config = said.path("config").deepCopy();
        config.put("_class_name", said.path("scheduler").asText());
        Scheduler scheduler = Scheduler.parse(config.toString(), name);
        double eta = said.path("step_arguments").path("eta").asDouble(0);
        return scheduler instanceof Ddim ddim && eta > 0 ? ddim.withEta(eta) : scheduler;
    }

    @ParameterizedTest
    @MethodSource("trajectories")
    void everyStateIsThatOfTheReference(String name) {
        JsonNode said =
                Goldens.json("schedulers/golden.json").path("trajectories").path(name);
        try (var _ = new PointerScope();
                var golden = Goldens.in("schedulers")) {
            Scheduler scheduler = read(said, name);
            int steps = said.path("steps").asInt();
            List<Double> times = scheduler.times(steps);
            assertEquals(said.path("timesteps").size(), times.size());
            for (int i = 0; i < times.size(); i++) {
                assertEquals(said.path("timesteps").get(i).asDouble(), times.get(i), 2e-3, "time " + i);
            }
            double scale = scheduler.startScale(steps);
            assertEquals(said.path("init_noise_sigma").asDouble(), scale, 1e-5);

            Tensor states = golden.tensor("out." + name);
            Tensor start = states.narrow(0, 0, 1);
            if (!name.contains("after_inverse")) {
                Tensor expected = golden.tensor("in.start").mul(new Scalar(scale));
                assertArrayEquals(Tensors.floats(expected), Tensors.floats(start.contiguous()), 1e-4f);
            }
            Tensor noise = golden.tensor("in.noise");
            int[] drawn = {0};
            float[] found = new float[(int) states.numel()];
            int size = (int) start.numel();
            System.arraycopy(Tensors.floats(start.contiguous()), 0, found, 0, size);
            boolean learned = scheduler instanceof Ddpm d && d.variance() == Ddpm.Variance.LEARNED_RANGE;
            Tensor last = scheduler.sample(
                    start,
                    new Scheduler.Course(
                            steps,
                            0,
                            n -> {
                                assertEquals(drawn[0]++, n, "draws come in order");
                                return noise.select(0, n);
                            },
                            (call, state) -> {
                                float[] values = Tensors.floats(state.contiguous());
                                System.arraycopy(values, 0, found, (call + 1) * size, size);
                                return state;
                            }),
                    (input, time) -> {
                        Tensor out = network(input, time);
                        return learned ? torch.cat(new TensorVector(out, input.sin()), 1) : out;
                    });
            assertEquals(said.path("noise_used").asInt(), drawn[0]);
            // relative to the largest state
            double largest = states.abs().max().item_double();
            golden.same(name, "out." + name, found, 1e-4 * largest / Math.max(1, largest), _ -> true, 0);
            assertArrayEquals(
                    Arrays.copyOfRange(found, found.length - size, found.length), Tensors.floats(last.contiguous()));
        }
    }

    @Test
    void theForwardProcessIsThatOfTheReference() {
        try (var _ = new PointerScope();
                var golden = Goldens.in("schedulers")) {
            NoiseSchedule noise = new NoiseSchedule();
            int[] times = Arrays.stream(golden.longs("fwd.in.timestep"))
                    .mapToInt(t -> (int) t)
                    .toArray();
            Tensor clean = golden.tensor("fwd.in.sample");
            Tensor z = golden.tensor("fwd.in.noise");
            golden.same("forward", "fwd.out.add_noise", noise.noised(clean, z, times), 1e-5);
            golden.same("forward", "fwd.out.velocity", noise.velocity(clean, z, times), 1e-5);
            float[] ratios = new float[times.length];
            float[] forNoise = new float[times.length];
            float[] forVelocity = new float[times.length];
            for (int n = 0; n < times.length; n++) {
                ratios[n] = (float) noise.signalToNoise(times[n]);
                forNoise[n] = (float) noise.minSnrWeight(times[n], 5, Prediction.NOISE);
                forVelocity[n] = (float) noise.minSnrWeight(times[n], 5, Prediction.VELOCITY);
            }
            // the reference takes 1 − ᾱ in single precision, which cancels at the first steps
            golden.same("forward", "fwd.out.snr", ratios, 1e-4, _ -> true, 0);
            golden.same("forward", "fwd.out.min_snr5_weight_epsilon", forNoise, 1e-5, _ -> true, 0);
            golden.same("forward", "fwd.out.min_snr5_weight_v", forVelocity, 1e-5, _ -> true, 0);
        }
    }

    @Test
    void tablesAreThoseOfTheReference() {
        try (var golden = Goldens.open(Goldens.of("schedulers/schedules.safetensors"))) {
            Map.of(
                            "linear_1e-4_0.02", new NoiseSchedule(1000, 1e-4, 0.02, Curve.LINEAR, false),
                            "scaled_linear", new NoiseSchedule(),
                            "scaled_linear.zero_snr",
                                    new NoiseSchedule(1000, 0.00085, 0.012, Curve.SCALED_LINEAR, true),
                            "squaredcos_cap_v2", new NoiseSchedule(1000, 1e-4, 0.02, Curve.SQUAREDCOS_CAP_V2, false),
                            "sigmoid", new NoiseSchedule(1000, 1e-4, 0.02, Curve.SIGMOID, false))
                    .forEach((name, noise) -> {
                        // the reference divides small roots in single precision
                        double tolerance = noise.zeroTerminal() ? 1e-4 : 1e-6;
                        golden.same(name, "betas." + name, floats(noise.betas()), tolerance, _ -> true, 0);
                        golden.same(name, "alphas_cumprod." + name, floats(noise.alphaBars()), 1e-6, _ -> true, 0);
                    });
        }
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    @Test
    void refinedInversionIsUndoneByTheWayForward() {
        try (var _ = new PointerScope();
                var golden = Goldens.in("schedulers")) {
            Tensor clean = golden.tensor("in.start").mul(new Scalar(0.5));
            double plain = roundTrip(clean, new DdimInverse());
            double refined = roundTrip(clean, new DdimInverse().refined(60));
            assertTrue(plain > 1e-2, "plain " + plain);
            // single precision, through 20 steps whose factors √(ᾱ/ᾱ') come to 15
            assertTrue(refined < 2e-4, "refined " + refined);
        }
    }

    private static double roundTrip(Tensor clean, DdimInverse inverse) {
        Tensor noise = inverse.sample(clean, Scheduler.Course.still(20), SchedulerTest::network);
        Tensor back = new Ddim().sample(noise, Scheduler.Course.still(20), SchedulerTest::network);
        return back.sub(clean).abs().max().item_double();
    }

    /** For a network that knows x₀ exactly, every method without fresh noise must end there. */
    @Test
    void whereTheNetworkKnowsTheSampleEveryMethodFindsIt() {
        try (var _ = new PointerScope();
                var golden = Goldens.in("schedulers")) {
            Tensor clean = golden.tensor("in.start");
            NoiseSchedule noise = new NoiseSchedule();
            double[] table = noise.sigmas();
            Tensor z = golden.tensor("in.noise").select(0, 0);
            for (Scheduler scheduler :
                    List.of(new Euler(), new Heun(), new LinearMultistep(), new DpmSolver(), new UniPc(), new Lcm())) {
                Tensor start = scheduler.noised(clean, z, 12, 0);
                Tensor found = scheduler.sample(start, new Scheduler.Course(12, Keyed.seed(5), clean), (in, t) -> {
                    double sigma = table[(int) t] + (t - (int) t) * (t > 998 ? 0 : table[(int) t + 1] - table[(int) t]);
                    double a = Sigmas.signal(sigma); // in = a·x₀ + σa·noise
                    return NoiseSchedule.mix(1 / (sigma * a), in, -1 / sigma, clean);
                });
                assertEquals(0, found.sub(clean).abs().max().item_double(), 2e-3, scheduler.toString());
            }
        }
    }

    @Test
    void aRunThatSkipsCallsIsTheRestOfTheWholeRun() {
        try (var _ = new PointerScope();
                var golden = Goldens.in("schedulers")) {
            Tensor start = golden.tensor("in.start");
            for (Scheduler scheduler : List.of(new Ddim(), new Euler(), new Heun(), new FlowEuler())) {
                List<float[]> states = new ArrayList<>();
                scheduler.sample(
                        start,
                        Scheduler.Course.still(8).with((_, state) -> {
                            states.add(Tensors.floats(state.contiguous()));
                            return state;
                        }),
                        SchedulerTest::network);
                Tensor middle = Tensors.of(states.get(3), start.shape()); // after calls 0 to 3
                Tensor end = scheduler.sample(middle, Scheduler.Course.still(8).skipping(4), SchedulerTest::network);
                assertArrayEquals(states.getLast(), Tensors.floats(end.contiguous()), scheduler.toString());
            }
        }
    }

    @Test
    void whatReturnsFromTheObserverIsTheNextState() {
        try (var _ = new PointerScope()) {
            Tensor start = torch.ones(1, 2, 2, 2);
            Tensor end = new Ddim()
                    .sample(
                            start,
                            Scheduler.Course.still(4).with((_, state) -> torch.zeros_like(state)),
                            SchedulerTest::network);
            assertEquals(0, end.abs().max().item_double());
        }
    }

    @Test
    void drawsDependOnKeyAndNumberAlone() {
        try (var _ = new PointerScope()) {
            Tensor like = torch.zeros(2, 4, 3, 3);
            var one = Scheduler.draws(Keyed.seed(3), like);
            assertArrayEquals(
                    Tensors.floats(one.apply(2)),
                    Tensors.floats(Scheduler.draws(Keyed.seed(3), like).apply(2)));
            assertTrue(one.apply(0).sub(one.apply(1)).abs().max().item_double() > 0.1);
        }
    }

    /** Files as they are published, with what they carry along from other classes. */
    @Test
    void publishedFilesAreRead() {
        String shared = "\"beta_start\": 0.00085, \"beta_end\": 0.012, \"beta_schedule\": \"scaled_linear\","
                + " \"num_train_timesteps\": 1000, \"trained_betas\": null, \"_diffusers_version\": \"0.19.0\","
                + " \"clip_sample\": false, \"set_alpha_to_one\": false, \"skip_prk_steps\": true, \"steps_offset\": 1";
        assertEquals(new Pndm(), Scheduler.parse("{\"_class_name\": \"PNDMScheduler\", " + shared + "}", "sd15"));
        assertEquals(new Ddim(), Scheduler.parse("{\"_class_name\": \"DDIMScheduler\", " + shared + "}", "sd15"));
        assertEquals(
                new Euler(),
                Scheduler.parse(
                        "{\"_class_name\": \"EulerDiscreteScheduler\", " + shared
                                + ", \"interpolation_type\": \"linear\", \"prediction_type\": \"epsilon\","
                                + " \"sample_max_value\": 1.0, \"timestep_spacing\": \"leading\","
                                + " \"use_karras_sigmas\": false}",
                        "sdxl"));
        assertEquals(
                new DpmSolver(),
                Scheduler.parse(
                        "{\"_class_name\": \"DPMSolverMultistepScheduler\", " + shared
                                + ", \"lambda_min_clipped\": -Infinity, \"timestep_spacing\": \"leading\","
                                + " \"variance_type\": null, \"dynamic_thresholding_ratio\": 0.995}",
                        "sd"));
        assertEquals(
                new FlowEuler(1000, 3),
                Scheduler.parse(
                        "{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\", \"num_train_timesteps\": 1000,"
                                + " \"shift\": 3.0, \"base_shift\": 0.5, \"use_dynamic_shifting\": false}",
                        "sd3"));
    }

    @Test
    void whatTheyCannotCarryOutIsRefused() {
        for (String[] bad : new String[][] {
            {
                "\"_class_name\": \"DEISMultistepScheduler\"",
                "_class_name is \"DEISMultistepScheduler\", expected one of DDIMScheduler"
            },
            {
                "\"_class_name\": \"DDIMScheduler\", \"thresholding\": true",
                "thresholding is true, expected false, as nothing else is supported"
            },
            {
                "\"_class_name\": \"DDIMScheduler\", \"timestep_spacing\": \"odd\"",
                "timestep_spacing is \"odd\", expected one of leading, linspace, trailing"
            },
            {
                "\"_class_name\": \"DDIMScheduler\", \"trained_betas\": [0.1]",
                "trained_betas is there, expected it absent, as it is not supported"
            },
            {
                "\"_class_name\": \"EulerDiscreteScheduler\", \"sigma_min\": 0.002",
                "sigma_min is 0.002, expected it absent, as it is not known here"
            },
            {
                "\"_class_name\": \"EulerDiscreteScheduler\", \"use_beta_sigmas\": true",
                "use_beta_sigmas is true, expected it absent, as it is not known here"
            },
            {
                "\"_class_name\": \"UniPCMultistepScheduler\", \"solver_type\": \"bh1\"",
                "solver_type is bh1, expected bh2, or final_sigmas_type sigma_min"
            },
            {
                "\"_class_name\": \"DDIMScheduler\", \"rescale_betas_zero_snr\": true",
                "prediction_type is epsilon, expected v_prediction or sample"
            },
            {"\"_class_name\": \"DDIMScheduler\", \"beta_start\": 2", "beta_start is 2.0, expected above 0, below 1"},
        }) {
            LetheException wrong = assertThrows(
                    LetheException.class, () -> Scheduler.parse("{" + bad[0] + "}", "scheduler_config.json"));
            assertTrue(wrong.getMessage().startsWith("scheduler_config.json: " + bad[1]), wrong.getMessage());
        }
        IllegalArgumentException many = assertThrows(IllegalArgumentException.class, () -> new Ddim().times(1001));
        assertEquals("steps is 1001, expected 1 to 1000", many.getMessage());
        try (var _ = new PointerScope()) {
            Tensor start = torch.ones(1, 2, 2, 2);
            IllegalArgumentException silent = assertThrows(
                    IllegalArgumentException.class,
                    () -> new Ddpm().sample(start, Scheduler.Course.still(3), SchedulerTest::network));
            assertEquals("noise is absent, expected draws, since the scheduler is random", silent.getMessage());
        }
    }
}
