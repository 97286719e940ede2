package org.lethe;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What audits found out about the model before. It lives as long as that model, so that cases which share the model find it
 * out once.
 *
 * <p>A step is a function of the model before, the data, the seed and its key: whoever asks first does it, the others get the
 * same result and the same cost. A step that fails fails for each who asks.
 */
public final class Baseline {
    private final Map<Object, Found> known = new HashMap<>();

    /** One result, once there; its monitor is held while somebody works on it. */
    private static final class Found {
        private @Nullable Object result;
        private Cost cost = Cost.NONE;
    }

    /**
     * The result of a step. Who asks while another does the step waits for it, so ask late.
     *
     * @param key what the result depends on beside model, data and seed: settings, parts of the request
     * @param step works in surroundings whose ledger is its own; what it took is added to that of {@code env}
     */
    @SuppressWarnings("unchecked") // a key has one step, which made the result
    public <T> T of(Object key, Env env, Function<Env, T> step) {
        Found found;
        synchronized (known) {
            found = known.computeIfAbsent(key, k -> new Found());
        }
        synchronized (found) {
            Object result = found.result;
            if (result == null) {
                Ledger own = new Ledger();
                result = step.apply(env.with(own));
                found.cost = own.cost();
                found.result = result;
            }
            env.ledger().add(found.cost);
            return (T) result;
        }
    }
}
