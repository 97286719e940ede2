package org.lethe.video.data;

import java.util.Arrays;
import java.util.List;
import org.lethe.Check;
import org.lethe.numerics.Keyed;
import org.lethe.video.Clip;

/**
 * A flat world with bodies that move in it, and a camera that looks at it: its clip, the exact flow, and the intensities of motion are known.
 *
 * <p>The camera at frame f of T has zoom s = (1 + z)^τ, turn ρτ and place pτ, where τ = f − (T − 1)/2. The point q of the screen shows the
 * point R(q − c)/s + pτ of the world, as R turns by ρτ and c is the middle of the screen. Bodies go straight on in the world.
 *
 * @param texture surface of the world
 * @param left of the texture, the point that the middle of the world has
 * @param top the same downwards
 * @param camera its motion
 * @param bodies from the lowest to the uppermost
 * @param disturbances that are no motion
 * @param size of the screen in pixels, both ways
 * @param frames how many
 */
public record Scene(
        Texture texture,
        double left,
        double top,
        Camera camera,
        List<Body> bodies,
        Disturbances disturbances,
        int size,
        int frames) {
    private static final int SAMPLES = 2; // of a pixel, each way

    public Scene {
        Check.require(size >= 8 && size <= 512, "size", size, "8 to 512");
        Check.require(frames >= 2 && frames <= 1000, "frames", frames, "2 to 1,000");
        bodies = List.copyOf(bodies);
    }

    /**
     * The motion of a camera, per frame.
     *
     * @param zoom z: the share by which the picture grows
     * @param panX to the right, in pixels of the world
     * @param panY downwards
     * @param roll ρ in radians, with the clock
     */
    public record Camera(double zoom, double panX, double panY, double roll) {
        public Camera {
            Check.require(Math.abs(zoom) < 0.5, "zoom", zoom, "between -0.5 and 0.5");
            Check.require(
                    Double.isFinite(panX) && Double.isFinite(panY) && Double.isFinite(roll),
                    "camera",
                    panX + ", " + panY + ", " + roll,
                    "finite numbers");
        }

        /** A camera that stands still. */
        public static final Camera STILL = new Camera(0, 0, 0, 0);

        Camera times(double factor) {
            return new Camera(zoom * factor, panX * factor, panY * factor, roll * factor);
        }
    }

    /** The outline of a body. */
    public enum Shape {
        /** A disc. */
        DISC,
        /** A square with sides along the axes. */
        SQUARE,
        /** A square on a corner. */
        DIAMOND
    }

    /**
     * A body.
     *
     * @param shape its outline
     * @param radius from its middle to its edge, along the axes, in pixels of the world
     * @param x of its middle at the middle of the clip, from the middle of the world
     * @param y the same downwards
     * @param velocityX to the right in the world, pixels a frame
     * @param velocityY downwards
     * @param pattern seed of its colours
     */
    public record Body(
            Shape shape, double radius, double x, double y, double velocityX, double velocityY, long pattern) {
        public Body {
            Check.require(radius > 0 && radius < 1e3, "radius", radius, "above 0");
        }

        double speed() {
            return StrictMath.hypot(velocityX, velocityY);
        }

        /** How far a point is outside, in pixels of the world; negative inside. */
        private double outside(double dx, double dy) {
            return switch (shape) {
                case DISC -> StrictMath.sqrt(dx * dx + dy * dy) - radius;
                case SQUARE -> Math.max(Math.abs(dx), Math.abs(dy)) - radius;
                case DIAMOND -> (Math.abs(dx) + Math.abs(dy) - radius) * 0.7071067811865476;
            };
        }

        private Paint paint() {
            Keyed key = Keyed.seed(pattern);
            double angle = 2 * Math.PI * Keyed.unit(key.at(0));
            double wave = 2 * Math.PI / (3 + 4 * Keyed.unit(key.at(1)));
            double[] low = new double[3];
            double[] high = new double[3];
            for (int c = 0; c < 3; c++) {
                low[c] = 255 * Keyed.unit(key.at(3 + c));
                high[c] = 255 * Keyed.unit(key.at(6 + c));
            }
            return new Paint(
                    wave * StrictMath.cos(angle), wave * StrictMath.sin(angle), 6 * Keyed.unit(key.at(2)), low, high);
        }
    }

    /** The stripes of a body. */
    private record Paint(double x, double y, double phase, double[] low, double[] high) {
        double share(double dx, double dy) {
            return 0.5 + 0.5 * StrictMath.sin(x * dx + y * dy + phase);
        }
    }

    /**
     * What changes pixels and is no motion.
     *
     * @param flicker standard deviation of the brightness of frames, as a share
     * @param noise standard deviation of each value, from 0 to 255
     * @param seed of both
     */
    public record Disturbances(double flicker, double noise, long seed) {
        /** None. */
        public static final Disturbances NONE = new Disturbances(0, 0, 0);

        public Disturbances {
            Check.require(flicker >= 0 && flicker <= 1, "flicker", flicker, "0 to 1");
            Check.require(noise >= 0 && noise <= 255, "noise", noise, "0 to 255");
        }
    }

    private double moment(int frame) {
        return frame - (frames - 1) / 2.0;
    }

    /** The camera at one frame, so that powers and angles are computed once. */
    private record View(double scale, double cos, double sin, double x, double y, double middle) {
        double worldX(double qx, double qy) {
            return (cos * (qx - middle) - sin * (qy - middle)) / scale + x;
        }

        double worldY(double qx, double qy) {
            return (sin * (qx - middle) + cos * (qy - middle)) / scale + y;
        }

        double screenX(double wx, double wy) {
            return (cos * (wx - x) + sin * (wy - y)) * scale + middle;
        }

        double screenY(double wx, double wy) {
            return (-sin * (wx - x) + cos * (wy - y)) * scale + middle;
        }
    }

    private View view(int frame) {
        double tau = moment(frame);
        return new View(
                StrictMath.pow(1 + camera.zoom, tau),
                StrictMath.cos(camera.roll * tau),
                StrictMath.sin(camera.roll * tau),
                camera.panX * tau,
                camera.panY * tau,
                (size - 1) / 2.0);
    }

    /** The uppermost body at a point of the world, or −1. */
    private int owner(double wx, double wy, double tau) {
        for (int k = bodies.size() - 1; k >= 0; k--) {
            Body body = bodies.get(k);
            if (body.outside(wx - body.x - body.velocityX * tau, wy - body.y - body.velocityY * tau) < 0) {
                return k;
            }
        }
        return -1;
    }

    /** For each pixel of a frame the body whose middle it shows, from 0, or −1 for the world. */
    public int[] owners(int frame) {
        View view = view(frame);
        int[] owners = new int[size * size];
        for (int i = 0; i < owners.length; i++) {
            owners[i] = owner(view.worldX(i % size, i / size), view.worldY(i % size, i / size), moment(frame));
        }
        return owners;
    }

    /** Where the middle of each pixel goes until the next frame: x and y by turns, in pixels, row by row. */
    public float[] flow(int frame) {
        return flow(frame, true);
    }

    private float[] flow(int frame, boolean withBodies) {
        Check.require(frame >= 0 && frame < frames - 1, "frame", frame, "0 to " + (frames - 2));
        View now = view(frame);
        View next = view(frame + 1);
        float[] flow = new float[2 * size * size];
        for (int y = 0; y < size; y++) {
            for (int x = 0; x < size; x++) {
                double wx = now.worldX(x, y);
                double wy = now.worldY(x, y);
                int owner = withBodies ? owner(wx, wy, moment(frame)) : -1;
                if (owner >= 0) {
                    wx += bodies.get(owner).velocityX;
                    wy += bodies.get(owner).velocityY;
                }
                flow[2 * (y * size + x)] = (float) (next.screenX(wx, wy) - x);
                flow[2 * (y * size + x) + 1] = (float) (next.screenY(wx, wy) - y);
            }
        }
        return flow;
    }

    /** Mean length over pixels and frames of the flow that the camera alone causes, in pixels of a screen of 32. */
    public double cameraIntensity() {
        double sum = 0;
        for (int n = 0; n + 1 < frames; n++) {
            float[] flow = flow(n, false);
            for (int i = 0; i < flow.length; i += 2) {
                sum += StrictMath.sqrt(flow[i] * flow[i] + flow[i + 1] * flow[i + 1]);
            }
        }
        return sum / ((frames - 1.0) * size * size) * 32 / size;
    }

    /** Mean speed of bodies relative to the world, weighted by their areas, Σ r²|v| / Σ r², in pixels of a screen of 32. */
    public double objectIntensity() {
        double speed = 0;
        double area = 0;
        for (Body body : bodies) {
            speed += body.radius * body.radius * body.speed();
            area += body.radius * body.radius;
        }
        return area == 0 ? 0 : speed / area * 32 / size;
    }

    /** The frames. */
    public Clip render() {
        byte[] rgb = new byte[frames * size * size * 3];
        Keyed key = Keyed.seed(disturbances.seed);
        float[] colour = new float[3];
        Paint[] paints = bodies.stream().map(Body::paint).toArray(Paint[]::new);
        for (int n = 0; n < frames; n++) {
            View view = view(n);
            double light =
                    1 + disturbances.flicker * Keyed.normal(key.of("flicker").at(n));
            for (int y = 0; y < size; y++) {
                for (int x = 0; x < size; x++) {
                    colour(view, moment(n), x, y, paints, colour);
                    int at = 3 * ((n * size + y) * size + x);
                    for (int c = 0; c < 3; c++) {
                        double value = light * colour[c];
                        if (disturbances.noise > 0) {
                            value += disturbances.noise * Keyed.normal(key.at(at + c));
                        }
                        rgb[at + c] = (byte) Math.clamp(Math.round(value), 0, 255);
                    }
                }
            }
        }
        return new Clip(frames, size, size, 8, rgb);
    }

    /** The colour of a pixel: the mean of some points in it, where the edges of bodies are soft. */
    private void colour(View view, double tau, int x, int y, Paint[] paints, float[] colour) {
        Arrays.fill(colour, 0);
        for (int s = 0; s < SAMPLES * SAMPLES; s++) {
            double qx = x + (s % SAMPLES + 0.5) / SAMPLES - 0.5;
            double qy = y + (s / SAMPLES + 0.5) / SAMPLES - 0.5;
            double wx = view.worldX(qx, qy);
            double wy = view.worldY(qx, qy);
            double[] value = {
                texture.at(left + wx, top + wy, 0),
                texture.at(left + wx, top + wy, 1),
                texture.at(left + wx, top + wy, 2)
            };
            for (int k = 0; k < paints.length; k++) {
                Body body = bodies.get(k);
                double dx = wx - body.x - body.velocityX * tau;
                double dy = wy - body.y - body.velocityY * tau;
                double cover = Math.clamp(0.5 - SAMPLES * body.outside(dx, dy) * view.scale, 0, 1);
                if (cover > 0) {
                    double share = paints[k].share(dx, dy);
                    for (int c = 0; c < 3; c++) {
                        double paint = paints[k].low[c] + (paints[k].high[c] - paints[k].low[c]) * share;
                        value[c] += cover * (paint - value[c]);
                    }
                }
            }
            for (int c = 0; c < 3; c++) {
                colour[c] += (float) (value[c] / (SAMPLES * SAMPLES));
            }
        }
    }

    /** A scene by chance with intensities that are asked for. */
    static Scene drawn(Texture texture, double object, double camera, int size, int frames, Keyed key) {
        double unit = size / 32.0;
        int count = 1 + Keyed.below(key.of("count").at(0), 3);
        Body[] bodies = new Body[count];
        double speed = 0;
        double area = 0;
        for (int k = 0; k < count; k++) {
            Keyed own = key.of("body").of(k);
            double radius = unit * (3 + 3.5 * Keyed.unit(own.at(0)));
            double angle = 2 * Math.PI * Keyed.unit(own.at(1));
            double relative = 0.5 + Keyed.unit(own.at(2));
            bodies[k] = new Body(
                    Shape.values()[Keyed.below(own.at(3), 3)],
                    radius,
                    size / 2.0 * (Keyed.unit(own.at(4)) - 0.5),
                    size / 2.0 * (Keyed.unit(own.at(5)) - 0.5),
                    relative * StrictMath.cos(angle),
                    relative * StrictMath.sin(angle),
                    own.at(6));
            speed += radius * radius * relative;
            area += radius * radius;
        }
        double factor = object * unit * area / speed;
        for (int k = 0; k < count; k++) {
            Body b = bodies[k];
            bodies[k] = new Body(b.shape, b.radius, b.x, b.y, b.velocityX * factor, b.velocityY * factor, b.pattern);
        }
        Keyed chance = key.of("disturbances");
        Disturbances disturbances = new Disturbances(
                Keyed.unit(chance.at(0)) < 0.3 ? 0.03 : 0, Keyed.unit(chance.at(1)) < 0.5 ? 3 : 0, chance.at(2));
        Keyed place = key.of("place");
        Scene still = new Scene(
                texture,
                texture.width() * Keyed.unit(place.at(0)),
                texture.height() * Keyed.unit(place.at(1)),
                Camera.STILL,
                List.of(bodies),
                disturbances,
                size,
                frames);
        return still.with(direction(key.of("camera"), unit), camera);
    }

    /** A camera that pans, zooms, or does both, and sometimes rolls, so that each part moves the picture by about a pixel of 32. */
    private static Camera direction(Keyed key, double unit) {
        double kind = Keyed.unit(key.at(0));
        double share = 0.25 + 0.5 * Keyed.unit(key.at(1));
        double zoom = kind < 0.4 ? 0 : kind < 0.6 ? 1 : share;
        double pan = kind < 0.4 ? 1 : kind < 0.6 ? 0 : 1 - share;
        double roll = Keyed.unit(key.at(2)) < 0.2 ? 0.3 * (Keyed.unit(key.at(3)) < 0.5 ? -1 : 1) : 0;
        double angle = 2 * Math.PI * Keyed.unit(key.at(4));
        double lever = 12.2386; // mean distance of pixels from the middle of 32 x 32
        return new Camera(
                zoom / lever * (Keyed.unit(key.at(5)) < 0.5 ? -1 : 1),
                unit * pan * StrictMath.cos(angle),
                unit * pan * StrictMath.sin(angle),
                roll / lever);
    }

    /** The same with a camera that moves in a direction, and as much as is asked for. */
    private Scene with(Camera direction, double intensity) {
        double factor = intensity;
        Scene scene = this;
        for (int n = 0; n < 8; n++) {
            scene = new Scene(texture, left, top, direction.times(factor), bodies, disturbances, size, frames);
            double reached = scene.cameraIntensity();
            if (intensity == 0 || Math.abs(reached - intensity) < 1e-4 * intensity) {
                return scene;
            }
            factor *= intensity / reached;
        }
        return scene;
    }
}
