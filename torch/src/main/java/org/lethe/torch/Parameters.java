package org.lethe.torch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;
import org.lethe.study.Mistakes;

/**
 * The tensors of a model by name, in order: what is trained, what is frozen, and buffers.
 *
 * <p>They belong to the scope in which this is made, which is that of the model and not of a step. A tensor may have several
 * names, as tied embeddings do: it is stored, drawn and trained once, under its first name.
 */
public final class Parameters {
    private static final int LONGEST_NAME = 300;

    private final Map<String, Tensor> all;
    private final Map<String, String> first = new LinkedHashMap<>(); // of each name, the first name of the same tensor

    private Parameters(Map<String, Tensor> all) {
        this.all = Collections.unmodifiableMap(all);
        Map<Long, String> seen = new HashMap<>();
        all.forEach((name, tensor) -> {
            long address = tensor.unsafeGetTensorImpl().address();
            first.put(name, Optional.ofNullable(seen.putIfAbsent(address, name)).orElse(name));
        });
    }

    /** Those of a module and of the modules inside it: parameters first, then buffers. */
    public static Parameters of(Module module) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        for (StringTensorDict named : List.of(module.named_parameters(), module.named_buffers())) {
            for (long n = 0; n < named.size(); n++) {
                // a reference of our own, as the dictionary goes with its scope
                all.put(named.get(n).key().getString(), new Tensor(named.get(n).value()));
            }
        }
        return new Parameters(all);
    }

    /** Named tensors, in the order of the map; those that want a gradient are trained. */
    public static Parameters of(Map<String, Tensor> tensors) {
        return new Parameters(new LinkedHashMap<>(tensors));
    }

    /** All of them, under all names. */
    public Map<String, Tensor> all() {
        return all;
    }

    /** Each tensor once, under its first name. */
    public Map<String, Tensor> distinct() {
        return chosen(name -> true);
    }

    /** Each tensor that is trained once, under its first name. */
    public Map<String, Tensor> trained() {
        return chosen(name -> tensor(name).requires_grad());
    }

    private Map<String, Tensor> chosen(Predicate<String> which) {
        Map<String, Tensor> chosen = new LinkedHashMap<>();
        all.forEach((name, tensor) -> {
            if (name.equals(first.get(name)) && which.test(name)) {
                chosen.put(name, tensor);
            }
        });
        return chosen;
    }

    /** The names of the same tensor, in order. */
    List<String> namesOf(String name) {
        List<String> names = new ArrayList<>();
        String own = first.getOrDefault(name, name);
        first.forEach((other, its) -> {
            if (its.equals(own)) {
                names.add(other);
            }
        });
        return names;
    }

    /** The tensor of a name, which must be there. */
    public Tensor tensor(String name) {
        Tensor tensor = all.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException(
                    "the model has no tensor \"" + name + "\"" + nearest(name, all.keySet()));
        }
        return tensor;
    }

    /** The hint after an unknown name in a message: the nearest known one, if any is near. */
    static String nearest(String name, Collection<String> known) {
        if (name.length() > LONGEST_NAME) {
            return ""; // a name in a file may be long, and comparing costs the product of lengths
        }
        List<String> comparable =
                known.stream().filter(k -> k.length() <= LONGEST_NAME).toList();
        return Mistakes.nearest(name, comparable)
                .map(n -> "; did you mean \"" + n + "\"?")
                .orElse("");
    }

    /** Number of elements, each tensor counted once. */
    public long size() {
        return distinct().values().stream().mapToLong(Tensor::numel).sum();
    }

    /** Trains those whose first name passes, and freezes the others. Tensors of whole numbers stay frozen. */
    public void train(Predicate<String> which) {
        distinct().forEach((name, tensor) -> tensor.set_requires_grad(tensor.is_floating_point() && which.test(name)));
    }

    /**
     * Draws initial values. Each element is a function of key, first name and place, so that neither the order of parameters
     * nor the number of workers changes a bit.
     *
     * @param key of the draws
     * @param rule by first name and tensor; a tensor without a rule keeps its values
     * @param workers that share the blocks of a large tensor
     */
    public void draw(Keyed key, BiFunction<String, Tensor, Optional<Initial>> rule, Workers workers) {
        distinct()
                .forEach((name, tensor) ->
                        rule.apply(name, tensor).ifPresent(initial -> initial.fill(tensor, key.of(name), workers)));
    }

    /** Copies values into a tensor in place, whatever the device or the floating-point type of either. */
    static void set(String name, Tensor tensor, Tensor values) {
        Check.require(
                Arrays.equals(tensor.shape(), values.shape()),
                "shape of " + name,
                Arrays.toString(values.shape()),
                Arrays.toString(tensor.shape()));
        tensor.detach().copy_(values);
    }
}
