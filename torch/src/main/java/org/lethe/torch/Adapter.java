package org.lethe.torch;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.study.Storage;

/**
 * The trained matrices of a {@link Lora} on one model. Its tensors belong to the scope in which it is made.
 *
 * <p>While it is on, a model adds {@link #with} to the output of each linear layer. Merged, the base weights hold the product, and
 * layers cost what they cost without it.
 */
public final class Adapter {
    private static final String PREFIX = "base_model.model.";
    private static final String TENSORS = "adapter_model.safetensors";
    private static final String CONFIG = "adapter_config.json";

    /** The two matrices of a layer: {@code a} is [rank, inputs], {@code b} is [outputs, rank]. */
    private record Pair(Lora.Layer layer, Tensor a, Tensor b, double scale) {}

    private final Lora settings;
    private final Map<String, Pair> pairs = new LinkedHashMap<>();
    private boolean on = true;
    private boolean merged;

    Adapter(Lora settings, Map<String, Lora.Layer> layers, Keyed key) {
        this.settings = settings;
        layers.forEach((name, layer) -> {
            int rank = settings.rank(layer);
            Tensor a = torch.zeros(rank, layer.inputs())
                    .to(layer.weight().device(), layer.weight().scalar_type());
            Tensor b = torch.zeros(layer.outputs(), rank)
                    .to(layer.weight().device(), layer.weight().scalar_type());
            double bound = 1 / Math.sqrt(layer.inputs()); // Kaiming for a leaky rectifier with slope √5
            Initial.uniform(-bound, bound).fill(a, key.of(name), Workers.here());
            pairs.put(name, new Pair(layer, a.requires_grad_(true), b.requires_grad_(true), settings.scale(layer)));
        });
    }

    /** The settings. */
    public Lora settings() {
        return settings;
    }

    /** The matrices by the names they have in PEFT's files: all that is to be trained. */
    public Parameters parameters() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        pairs.forEach((name, pair) -> {
            all.put(PREFIX + name + ".lora_A.weight", pair.a);
            all.put(PREFIX + name + ".lora_B.weight", pair.b);
        });
        return Parameters.of(all);
    }

    /** Turns the adapter off, so that {@link #with} changes nothing, or on again. A merged one cannot be turned off. */
    public void turn(boolean on) {
        Check.require(!merged || on, "merged", true, "false before the adapter is turned off");
        this.on = on;
    }

    /** The output of a layer with the adapter's part, without dropout. */
    public Tensor with(String layer, Tensor input, Tensor output) {
        return added(layer, input, output, Optional.empty());
    }

    /** The output of a layer with the adapter's part, with dropout drawn by a key. */
    public Tensor with(String layer, Tensor input, Tensor output, Keyed key) {
        return added(layer, input, output, Optional.of(key));
    }

    private Tensor added(String layer, Tensor input, Tensor output, Optional<Keyed> key) {
        Pair pair = pairs.get(layer);
        if (pair == null || !on || merged) {
            return output;
        }
        Tensor kept = key.map(k -> Tensors.dropout(input, settings.dropout(), k.of(layer)))
                .orElse(input);
        Tensor part = torch.linear(torch.linear(kept, pair.a), pair.b); // [..., outputs]
        return output.add(part, new Scalar(pair.scale));
    }

    /** Adds the products to the base weights. */
    public void merge() {
        Check.require(!merged, "merged", true, "false before merging");
        move(1);
        merged = true;
    }

    /** Takes the products off the base weights again, which then differ from the first ones by rounding alone. */
    public void unmerge() {
        Check.require(merged, "merged", false, "true before unmerging");
        move(-1);
        merged = false;
    }

    private void move(double sign) {
        for (Pair pair : pairs.values()) {
            try (var _ = new PointerScope()) {
                Tensor product = pair.b.detach().mm(pair.a.detach()); // [outputs, inputs]
                pair.layer
                        .weight()
                        .detach()
                        .add_(pair.layer.inputsFirst() ? product.t() : product, new Scalar(sign * pair.scale));
            }
        }
    }

    /**
     * Writes {@code adapter_model.safetensors} and, after it, {@code adapter_config.json}, without which it is no adapter.
     *
     * @param base name or path of the model underneath, for people and for PEFT
     */
    public void save(Path folder, String base) throws IOException {
        ModelFiles.write(folder.resolve(TENSORS), parameters(), Map.of());
        boolean inputsFirst = pairs.values().stream().anyMatch(p -> p.layer.inputsFirst());
        Storage.write(folder.resolve(CONFIG), settings.config(inputsFirst, base));
    }

    /**
     * Reads a folder that PEFT or {@link #save} wrote; nothing of it may be missing, surplus or of another shape.
     *
     * @param layers all linear layers of the model
     */
    public static Adapter load(Path folder, List<Lora.Layer> layers) throws IOException {
        Lora settings = Lora.read(folder.resolve(CONFIG));
        Adapter adapter = settings.adapt(layers, Keyed.seed(0)); // all of it is overwritten
        try (ModelFiles files = ModelFiles.open(folder.resolve(TENSORS))) {
            files.load(adapter.parameters());
        }
        return adapter;
    }
}
