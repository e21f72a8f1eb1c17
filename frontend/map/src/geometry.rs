//! Plane geometry of the hall: boxes, the grid that finds seats by position, and simplified lines.

/// An axis-parallel box. It is empty if `right < left`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl Bounds {
    /// The box that contains nothing.
    pub const EMPTY: Self = Self {
        left: f32::INFINITY,
        top: f32::INFINITY,
        right: f32::NEG_INFINITY,
        bottom: f32::NEG_INFINITY,
    };

    /// Enlarges the box to contain a point.
    pub fn include(&mut self, x: f32, y: f32) {
        self.left = self.left.min(x);
        self.top = self.top.min(y);
        self.right = self.right.max(x);
        self.bottom = self.bottom.max(y);
    }

    /// The smallest box that contains both boxes.
    pub fn union(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// The box enlarged by this length on every side.
    pub fn grown(self, by: f32) -> Self {
        Self {
            left: self.left - by,
            top: self.top - by,
            right: self.right + by,
            bottom: self.bottom + by,
        }
    }

    /// Whether the two boxes have a point in common.
    pub fn meets(&self, other: &Self) -> bool {
        self.left <= other.right
            && other.left <= self.right
            && self.top <= other.bottom
            && other.top <= self.bottom
    }

    /// The width; 0 for an empty box.
    pub fn width(&self) -> f32 {
        (self.right - self.left).max(0.0)
    }

    /// The height; 0 for an empty box.
    pub fn height(&self) -> f32 {
        (self.bottom - self.top).max(0.0)
    }

    /// The centre of the box.
    pub fn centre(&self) -> (f32, f32) {
        (f32::midpoint(self.left, self.right), f32::midpoint(self.top, self.bottom))
    }
}

/// The maximum number of cells along one side of a grid.
const MAX_CELLS: usize = 256;

/// Points by grid cell. It finds the visible seats, or the seat under the pointer, without a search through all 20,000.
#[derive(Debug, Clone)]
pub struct PointGrid {
    bounds: Bounds,
    cell: f32,
    columns: usize,
    rows: usize,
    /// Where the points of each cell begin in `order`; one more entry than there are cells.
    starts: Vec<u32>,
    order: Vec<u32>,
}

impl PointGrid {
    /// Sorts points into cells of about this side length.
    pub fn new(x: &[f32], y: &[f32], cell: f32) -> Self {
        let mut bounds = Bounds::EMPTY;
        for (x, y) in x.iter().zip(y) {
            bounds.include(*x, *y);
        }
        if x.is_empty() {
            bounds = Bounds { left: 0.0, top: 0.0, right: 0.0, bottom: 0.0 };
        }
        #[allow(clippy::cast_precision_loss, reason = "a small constant")]
        let cell = cell.max(1.0).max(bounds.width().max(bounds.height()) / (MAX_CELLS - 1) as f32);
        let columns = index(bounds.width() / cell) + 1;
        let rows = index(bounds.height() / cell) + 1;
        let mut grid = Self {
            bounds,
            cell,
            columns,
            rows,
            starts: vec![0; columns * rows + 1],
            order: vec![],
        };
        let cells: Vec<_> = x.iter().zip(y).map(|(x, y)| grid.cell_of(*x, *y)).collect();
        for cell in &cells {
            grid.starts[cell + 1] += 1;
        }
        for cell in 0..columns * rows {
            grid.starts[cell + 1] += grid.starts[cell];
        }
        let mut next = grid.starts.clone();
        grid.order = vec![0; cells.len()];
        for (point, cell) in (0_u32..).zip(cells) {
            grid.order[next[cell] as usize] = point;
            next[cell] += 1;
        }
        grid
    }

    fn column(&self, x: f32) -> usize {
        index((x - self.bounds.left) / self.cell).min(self.columns - 1)
    }

    fn row(&self, y: f32) -> usize {
        index((y - self.bounds.top) / self.cell).min(self.rows - 1)
    }

    fn cell_of(&self, x: f32, y: f32) -> usize {
        self.row(y) * self.columns + self.column(x)
    }

    /// The points that may lie in a box. Whole cells are returned, so some points lie outside it.
    pub fn within(&self, area: &Bounds) -> impl Iterator<Item = usize> + '_ {
        let rows = if area.meets(&self.bounds) {
            self.row(area.top)..self.row(area.bottom) + 1
        } else {
            0..0
        };
        let (first, last) = (self.column(area.left), self.column(area.right));
        rows.flat_map(move |row| {
            let from = self.starts[row * self.columns + first] as usize;
            let to = self.starts[row * self.columns + last + 1] as usize;
            self.order[from..to].iter().map(|point| *point as usize)
        })
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0; cells are few"
)]
fn index(value: f32) -> usize {
    value.max(0.0) as usize
}

/// Simplifies a line: removes the points that lie within `tolerance` of the remaining line (Douglas and Peucker
/// 1973).
pub fn simplified(line: &[(f32, f32)], tolerance: f32) -> Vec<(f32, f32)> {
    if line.len() < 3 {
        return line.to_vec();
    }
    let (first, last) = (line[0], line[line.len() - 1]);
    let (at, distance) = line
        .iter()
        .enumerate()
        .map(|(at, point)| (at, distance_to_segment(*point, first, last)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or((0, 0.0));
    if distance <= tolerance {
        return vec![first, last];
    }
    let mut left = simplified(&line[..=at], tolerance);
    left.pop();
    left.extend(simplified(&line[at..], tolerance));
    left
}

/// The value, limited to the range from `low` to `high`. The standard library's `clamp` can panic with a message that
/// contains the numbers, and the code that formats floating-point numbers would enlarge the program.
pub fn within<T: PartialOrd>(value: T, low: T, high: T) -> T {
    if value < low {
        low
    } else if value > high {
        high
    } else {
        value
    }
}

fn distance_to_segment(point: (f32, f32), from: (f32, f32), to: (f32, f32)) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx * dx + dy * dy;
    let along = if length == 0.0 {
        0.0
    } else {
        within(((point.0 - from.0) * dx + (point.1 - from.1) * dy) / length, 0.0, 1.0)
    };
    (point.0 - from.0 - along * dx).hypot(point.1 - from.1 - along * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_finds_every_point_in_a_box() {
        let x: Vec<f32> = (0..400_u16).map(|n| f32::from(n % 20) * 25.0).collect();
        let y: Vec<f32> = (0..400_u16).map(|n| f32::from(n / 20) * 30.0).collect();
        let grid = PointGrid::new(&x, &y, 60.0);
        for area in [
            Bounds { left: 10.0, top: 10.0, right: 120.0, bottom: 95.0 },
            Bounds { left: -50.0, top: -50.0, right: 5000.0, bottom: 5000.0 },
            Bounds { left: 470.0, top: 560.0, right: 480.0, bottom: 575.0 },
        ] {
            let inside = |n: &usize| {
                (area.left..=area.right).contains(&x[*n])
                    && (area.top..=area.bottom).contains(&y[*n])
            };
            let mut found: Vec<_> = grid.within(&area).filter(inside).collect();
            found.sort_unstable();
            let expected: Vec<_> = (0..400).filter(inside).collect();
            assert_eq!(found, expected);
        }
        let far = Bounds { left: 9000.0, top: 0.0, right: 9100.0, bottom: 10.0 };
        assert_eq!(grid.within(&far).count(), 0);
    }

    #[test]
    fn an_empty_hall_has_an_empty_grid() {
        let grid = PointGrid::new(&[], &[], 10.0);
        assert_eq!(grid.within(&Bounds::EMPTY.grown(5.0)).count(), 0);
        assert_eq!(
            grid.within(&Bounds { left: -1.0, top: -1.0, right: 1.0, bottom: 1.0 }).count(),
            0
        );
    }

    #[test]
    fn a_straight_row_is_two_points_and_a_bent_one_keeps_its_bend() {
        let straight: Vec<_> = (0..20_u8).map(|n| (f32::from(n) * 25.0, 3.0)).collect();
        assert_eq!(simplified(&straight, 1.0), vec![(0.0, 3.0), (475.0, 3.0)]);
        let bent = [(0.0, 0.0), (50.0, 40.0), (100.0, 0.0)];
        assert_eq!(simplified(&bent, 1.0), bent);
        assert_eq!(simplified(&bent[..1], 1.0), &bent[..1]);
    }
}
