package org.lethe.image.protect;

import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Env;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Parameters;
import org.lethe.torch.Schedule;
import org.lethe.torch.Tensors;
import org.lethe.torch.Training;
import org.lethe.torch.UpdateRule;

/**
 * Trains parameters on a loss whose batch is drawn by a key.
 *
 * @param name of the training, for its messages
 * @param steps how many; 0 for none
 * @param rule how parameters follow their gradients
 * @param schedule factor of the learning rate
 * @param clip longest gradient of all parameters together; 0 for no clipping
 */
record Fit(String name, long steps, UpdateRule rule, Schedule schedule, double clip) {
    /** At a constant learning rate. */
    Fit(String name, long steps, UpdateRule rule, double clip) {
        this(name, steps, rule, new Schedule.Constant(0), clip);
    }

    /** Trains in place; afterwards nothing wants a gradient. */
    void train(Parameters trained, Env env, Function<Keyed, Tensor> loss) {
        if (steps == 0) {
            return;
        }
        trained.train(_ -> true);
        Training.of(steps)
                .with(rule, schedule)
                .withClip(clip)
                .run(
                        trained,
                        new Training.Objective<List<Tensor>>() {
                            @Override
                            public String name() {
                                return name;
                            }

                            @Override
                            public List<Tensor> batch(long step, int part, Keyed key) {
                                return List.of();
                            }

                            @Override
                            public Tensor loss(List<Tensor> none, Keyed key) {
                                return loss.apply(key);
                            }
                        },
                        env);
        trained.train(_ -> false);
    }

    /** Some rows of a tensor, drawn with replacement. */
    static Tensor rows(Tensor all, int count, Keyed key) {
        int[] rows = new int[count];
        for (int n = 0; n < count; n++) {
            rows[n] = Keyed.below(key.at(n), Math.toIntExact(all.size(0)));
        }
        return all.index_select(0, Tensors.of(rows, count).to(all.device(), ScalarType.Long));
    }
}
